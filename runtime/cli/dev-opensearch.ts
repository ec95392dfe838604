export interface DevOpenSearchCommandOptions {
  readonly port: number
}

/** Runs until a signal ends it. The server is part of the test kit; nothing else of the CLI needs that. */
export async function runDevOpenSearch(options: DevOpenSearchCommandOptions): Promise<void> {
  const { runDevOpenSearch: serve } = await import('../../test/servers/opensearch/dev.js')
  await serve({ port: options.port })
}
