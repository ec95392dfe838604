import type { Sink } from 'tidemark'

/** Appends rows as they come: a bench has no failures to survive. */
export function into<T>(target: T[]): Sink<T> {
  return {
    kind: 'array',
    guarantee: 'at-least-once',
    write: () => ({
      write(batch) {
        for (const row of batch.values) target.push(row)
        return batch.length
      },
      prepareCommit: () => [],
      close: () => undefined,
    }),
  }
}

export interface CountingSink<T> extends Sink<T> {
  readonly rows: number
}

export function counting<T>(): CountingSink<T> {
  let rows = 0
  return {
    kind: 'count',
    guarantee: 'at-least-once',
    get rows() {
      return rows
    },
    write: () => ({
      write(batch) {
        rows += batch.length
        return batch.length
      },
      prepareCommit: () => [],
      close: () => undefined,
    }),
  }
}
