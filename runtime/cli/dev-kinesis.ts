export interface DevKinesisOptions {
  readonly port: number
  readonly limits: boolean
}

/** Runs until a signal ends it. The server is part of the test kit; nothing else of the CLI needs that. */
export async function runDevKinesis(options: DevKinesisOptions): Promise<void> {
  const { runDevKinesis: serve } = await import('../../test/servers/kinesis/dev.js')
  await serve({ port: options.port, limits: options.limits })
}
