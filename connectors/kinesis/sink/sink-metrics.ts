import type { Counter, Metrics } from '../../../core/context.js'

export interface SinkMetrics {
  /** Acknowledged: records of Kinesis, and the rows in them. */
  readonly records: Counter
  readonly rows: Counter
  /** Data and partition keys of the records. */
  readonly bytes: Counter
  readonly calls: Counter
  /** Calls some of whose records have to be put again. */
  readonly retries: Counter
  readonly throttledRecords: Counter
}

export interface SinkGauges {
  readonly inFlightRecords: () => number
  readonly recordsPerSecondLimit: () => number | undefined
}

export function sinkMetrics(metrics: Metrics, gauges: SinkGauges): SinkMetrics {
  metrics.gauge('inFlightRecords', gauges.inFlightRecords)
  metrics.gauge('recordsPerSecondLimit', gauges.recordsPerSecondLimit)
  return {
    records: metrics.counter('records'),
    rows: metrics.counter('rows'),
    bytes: metrics.counter('bytes'),
    calls: metrics.counter('calls'),
    retries: metrics.counter('retries'),
    throttledRecords: metrics.counter('throttledRecords'),
  }
}
