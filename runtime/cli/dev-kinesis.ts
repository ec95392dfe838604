export interface DevKinesisOptions {
  readonly port: number
  readonly limits: boolean
  readonly dir?: string
  readonly fsync: boolean
}

/** Runs until a signal ends it. The server is part of the test kit; nothing else of the CLI needs that. */
export async function runDevKinesis({ dir, ...options }: DevKinesisOptions): Promise<void> {
  const { runDevKinesis: serve } = await import('../../test/servers/kinesis/dev.js')
  await serve({ ...options, ...(dir === undefined ? {} : { directory: dir }) })
}
