/**
 * Where checkpoints and the job's log live: immutable objects by name (`/` separates folders).
 * Implementations pass one conformance suite (test/runtime/storage/conformance.ts).
 *
 * Not being allowed to look is an error (STORAGE_FORBIDDEN), never "there is none". An error of a write says nothing about
 * whether it was applied.
 */
export interface ObjectStore {
  /** For people: a path or URL. */
  readonly location: string
  /**
   * Creates the object whole and durably, or not at all. `exists`: there is one already, and it is untouched.
   *
   * Of creators with different data exactly one is told `created`. A store that reads back after a lost reply cannot
   * tell its own object from another creator's with the very same bytes, and says `created` to both: what must have one
   * owner carries a nonce, as entries of the log do.
   */
  create(name: string, data: Uint8Array): Promise<'created' | 'exists'>
  /** Undefined: there is none. */
  read(name: string): Promise<Uint8Array | undefined>
  /**
   * The bytes from `start` up to, not including, `end`; fewer, or none, where the object ends before. Undefined: there is
   * no object. Verify what you read by a checksum of your own: no store has one of a part.
   */
  readRange(name: string, start: number, end: number): Promise<Uint8Array | undefined>
  /** Full names of all objects whose name begins with `prefix`, sorted. */
  list(prefix: string): Promise<readonly string[]>
  /** Like `list`, with what a collector of garbage needs to know. */
  listObjects(prefix: string): Promise<readonly StoredObject[]>
  /** Deleting what is not there does nothing. */
  delete(name: string): Promise<void>
  /** Tries all of them; rejects when any could not be deleted, naming how many and the first. */
  deleteMany(names: readonly string[]): Promise<void>
  /**
   * Overwrites the object if its ETag is this one. Only stores of a server have it, so that it can be asked whether it
   * keeps conditions at all; objects of checkpoints are never replaced.
   */
  replace?(name: string, data: Uint8Array, etag: string): Promise<'replaced' | 'refused'>
  /** Ends what is under way with an error, and frees connections. Calls after it are refused. */
  close(): Promise<void>
}

export interface StoredObject {
  readonly name: string
  readonly bytes: number
  /** When it was written, epoch milliseconds by the store's clock, which may be another than this machine's. */
  readonly modifiedAt: number
}
