import type { SplitReader } from '../../core/connector.js'

/** Readers that are not needed any more: a source does not wait for one to be closed before it reads on. */
export class ClosingReaders {
  private readonly closing = new Set<Promise<void>>()
  private failed: { readonly error: unknown } | undefined

  /** Never throws. */
  close(reader: SplitReader<unknown>): void {
    const closing = (async () => reader.close())()
      .catch((error: unknown) => {
        this.failed ??= { error }
      })
      .then(() => void this.closing.delete(closing))
    this.closing.add(closing)
  }

  /** When all are closed; rejects with what the first of them threw. */
  async done(): Promise<void> {
    await Promise.all(this.closing)
    if (this.failed) throw this.failed.error
  }
}
