import type { Counter, Histogram, Metrics } from '../../core/context.js'

export interface DeliveryMetrics {
  /** Taken by the service. */
  readonly records: Counter
  readonly bytes: Counter
  readonly calls: Counter
  readonly callMs: Histogram
  /** Calls some of whose records have to be sent again. */
  readonly retries: Counter
  /** Calls that were refused as a whole because of some of their records. */
  readonly splits: Counter
  readonly throttledRecords: Counter
}

export function deliveryMetrics(metrics: Metrics, inFlightRecords: () => number): DeliveryMetrics {
  metrics.gauge('inFlightRecords', inFlightRecords)
  return {
    records: metrics.counter('records'),
    bytes: metrics.counter('bytes'),
    calls: metrics.counter('calls'),
    callMs: metrics.histogram('callMs'),
    retries: metrics.counter('retries'),
    splits: metrics.counter('splits'),
    throttledRecords: metrics.counter('throttledRecords'),
  }
}
