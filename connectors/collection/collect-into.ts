import type { Sink } from '../../core/connector.js'

interface CollectedRows {
  readonly id: string
  readonly rows: readonly unknown[]
}

/** What was committed into an array, so that a repeated commit adds nothing. */
const applied = new WeakMap<unknown[], Set<string>>()

/**
 * Appends rows to an array of the caller when their checkpoint completes: exactly once, within one process. Rows of a
 * checkpoint are held in memory and stored with it, so this is for tests and small results.
 */
export function collectInto<T>(target: T[]): Sink<T> {
  const done = applied.get(target) ?? new Set()
  applied.set(target, done)
  return {
    kind: 'collect',
    guarantee: 'exactly-once',
    write(context) {
      let rows: T[] = []
      const { lineage, generation, operatorId, subtask } = context
      return {
        write(batch, from) {
          for (const value of batch.values.slice(from)) rows.push(value)
          return batch.length
        },
        prepareCommit(checkpointId) {
          if (rows.length === 0) return []
          const id = [operatorId, lineage, generation, checkpointId, subtask.index].join('/')
          const committable: CollectedRows = { id, rows }
          rows = []
          return [committable]
        },
        close: () => undefined,
      }
    },
    committer: () => ({
      async commit(committables) {
        // Made by `prepareCommit` above and carried by the checkpoint.
        for (const { id, rows } of committables as readonly CollectedRows[]) {
          if (done.has(id)) continue
          done.add(id)
          for (const row of rows) target.push(row as T)
        }
      },
    }),
  }
}
