import type { Counter, Metrics } from '../../core/context.js'

/** Instruments of one shard, named `<shardId>.<instrument>`. */
export interface ShardMetrics {
  readonly records: Counter
  readonly bytes: Counter
  readonly calls: Counter
  readonly throttles: Counter
  readonly retries: Counter
  readonly emptyReads: Counter
}

export function shardMetrics(metrics: Metrics, shardId: string): ShardMetrics {
  const counter = (name: string): Counter => metrics.counter(`${shardId}.${name}`)
  return {
    records: counter('records'),
    bytes: counter('bytes'),
    calls: counter('calls'),
    throttles: counter('throttles'),
    retries: counter('retries'),
    emptyReads: counter('emptyReads'),
  }
}
