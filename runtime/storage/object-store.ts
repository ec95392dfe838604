/**
 * Where checkpoints and the job's log live: immutable objects by name (`/` separates folders).
 * Implementations pass one conformance suite (test/runtime/storage).
 */
export interface ObjectStore {
  /** For people: a path or URL. */
  readonly location: string
  /** Creates the object whole and durably, or not at all. `exists`: there is one already, and it is untouched. */
  create(name: string, data: Uint8Array): Promise<'created' | 'exists'>
  /** Undefined: there is none. Not being allowed to look is an error. */
  read(name: string): Promise<Uint8Array | undefined>
  /** Full names of all objects whose name begins with `prefix`, sorted. */
  list(prefix: string): Promise<readonly string[]>
  /** Deleting what is not there does nothing. */
  delete(name: string): Promise<void>
}
