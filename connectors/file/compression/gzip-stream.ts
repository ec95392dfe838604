import { createGzip, type Gzip } from 'node:zlib'

/** Of what it gives out at once. Each costs a way to another thread and back. */
const CHUNK_BYTES = 64 * 1024

/** Compresses pieces into one gzip member, off the event loop. Calls do not overlap. */
export class GzipStream {
  readonly #gzip: Gzip = createGzip({ chunkSize: CHUNK_BYTES })
  #output: Buffer[] = []

  constructor() {
    // Read as it comes: what one piece becomes is bounded by the piece.
    this.#gzip.on('data', (chunk: Buffer) => this.#output.push(chunk))
  }

  async push(piece: Uint8Array): Promise<Uint8Array> {
    await new Promise<void>((resolve, reject) => {
      this.#gzip.write(piece, (error) => (error ? reject(error) : resolve()))
    })
    return this.#take()
  }

  async end(): Promise<Uint8Array> {
    await new Promise<void>((resolve, reject) => {
      this.#gzip.once('end', resolve).once('error', reject).end()
    })
    return this.#take()
  }

  destroy(): void {
    this.#gzip.destroy()
  }

  #take(): Uint8Array {
    const output = Buffer.concat(this.#output)
    this.#output = []
    return output
  }
}
