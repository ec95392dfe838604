export interface DevS3CommandOptions {
  readonly port: number
  readonly bucket?: readonly string[]
}

/** Runs until a signal ends it. The server is part of the test kit; nothing else of the CLI needs that. */
export async function runDevS3(options: DevS3CommandOptions): Promise<void> {
  const { runDevS3: serve } = await import('../../test/servers/s3/dev.js')
  await serve({ port: options.port, buckets: options.bucket ?? [] })
}
