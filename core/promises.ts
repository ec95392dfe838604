/** A promise of any kind: whatever has a `then`. */
export function isPromise(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/** For a promise that nobody will wait for: its failure must not become an unhandled rejection, which ends the process. */
export function silence(value: unknown): void {
  if (isPromise(value)) void Promise.resolve(value).catch(() => undefined)
}
