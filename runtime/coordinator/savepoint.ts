/** A savepoint that was taken. */
export interface Savepoint {
  /** The folder or URL that it is restored from. */
  readonly location: string
  /** That of the checkpoint in whose place it stands. */
  readonly id: number
  readonly bytes: number
  readonly durationMs: number
  /** Epoch milliseconds. */
  readonly completedAt: number
}
