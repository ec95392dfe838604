import type { Source, Split } from 'tidemark'

interface ShardSplit extends Split {
  readonly shard: number
  readonly next: number
}

/** Encoded records in memory, a split a shard. They are decoded where a reader is polled, as the Kinesis source does. */
export function recordsSource<T>(
  shards: readonly (readonly Uint8Array[])[],
  decode: (bytes: Uint8Array) => T,
): Source<T> {
  return {
    kind: 'records',
    bounded: true,
    enumerate: () => ({
      async discover(known) {
        const splits = shards.map((_, shard): ShardSplit => ({ id: `shard-${shard}`, shard, next: 0 }))
        return splits.filter(({ id }) => !known.has(id))
      },
    }),
    read(split) {
      const { shard, next: first } = split as ShardSplit
      const records = shards[shard] ?? []
      let next = first
      return {
        poll(maxRecords) {
          if (next === records.length) return undefined
          const values: T[] = []
          const end = Math.min(next + maxRecords, records.length)
          for (; next < end; next++) values.push(decode(records[next] as Uint8Array))
          return { values }
        },
        position: (): ShardSplit => ({ id: `shard-${shard}`, shard, next }),
        get finished() {
          return next === records.length
        },
        get caughtUp() {
          return next === records.length
        },
        close: () => undefined,
      }
    },
  }
}
