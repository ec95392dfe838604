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

export interface DeliveryGauges {
  readonly inFlightRecords: () => number
  readonly parallelCallsLimit: () => number
}

export function deliveryMetrics(metrics: Metrics, gauges: DeliveryGauges): DeliveryMetrics {
  metrics.gauge('inFlightRecords', gauges.inFlightRecords)
  metrics.gauge('parallelCallsLimit', gauges.parallelCallsLimit)
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
