/** Stands before the queue and makes one record of several, which falls due when it is full or has waited for long enough. */
export interface Packer<R> {
  add(record: R, now: number): void
  /** When `take` has something, monotonic. */
  dueAt(isUrgent: boolean): number
  take(now: number, isUrgent: boolean): readonly R[]
}
