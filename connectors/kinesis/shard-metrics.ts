import type { Counter, Metrics } from '../../core/context.js'
import type { KinesisSplit } from './split.js'

/** Counters of one shard, with the labels `stream` and `shard`. */
export interface ShardMetrics {
  readonly records: Counter
  readonly bytes: Counter
  readonly calls: Counter
  readonly throttles: Counter
  readonly retries: Counter
  readonly emptyReads: Counter
  /** User records of aggregated records. */
  readonly userRecords: Counter
  /** Records with the mark of an aggregated one that are none: read as plain ones. */
  readonly damagedAggregates: Counter
  /** User records of another shard's, left out here: their producer is to have put them there again. */
  readonly foreignUserRecords: Counter
  /** What the gauges show has no meaning any more. */
  close(): void
}

export interface ShardReadings {
  readonly millisBehindLatest: number
  /** How old the next record to take is, as far as that is known: it grows while the job takes none. */
  readonly lagMs: number
  /** Of the last record taken; undefined: none yet. */
  readonly lastSequenceNumber: string | undefined
}

/** Shards that are open on a subtask, for the lag of the source as a whole. */
const OPEN = new WeakMap<Metrics, Set<() => ShardReadings>>()

export function shardMetrics(metrics: Metrics, split: KinesisSplit, read: () => ShardReadings): ShardMetrics {
  const labels = { stream: split.streamArn.slice(split.streamArn.lastIndexOf('/') + 1), shard: split.shardId }
  const open = openShards(metrics)
  open.add(read)
  const gauge = (name: string, value: (readings: ShardReadings) => number | undefined): void =>
    metrics.gauge(name, () => (open.has(read) ? value(read()) : undefined), labels)
  gauge('millisBehindLatest', ({ millisBehindLatest }) => millisBehindLatest)
  // A number has 16 of its 56 digits, which is enough to see it move; checkpoints have all.
  gauge('lastSequenceNumber', ({ lastSequenceNumber: last }) => (last === undefined ? undefined : Number(last)))
  const counter = (name: string): Counter => metrics.counter(name, labels)
  return {
    records: counter('records'),
    bytes: counter('bytes'),
    calls: counter('calls'),
    throttles: counter('throttles'),
    retries: counter('retries'),
    emptyReads: counter('emptyReads'),
    userRecords: counter('userRecords'),
    damagedAggregates: counter('damagedAggregates'),
    foreignUserRecords: counter('foreignUserRecords'),
    close: () => open.delete(read),
  }
}

function openShards(metrics: Metrics): Set<() => ShardReadings> {
  const existing = OPEN.get(metrics)
  if (existing) return existing
  const open = new Set<() => ShardReadings>()
  OPEN.set(metrics, open)
  metrics.gauge('lagMs', () => [...open].reduce((most, read) => Math.max(most, read().lagMs), 0))
  return open
}
