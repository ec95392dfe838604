import type { MetricLabels, Metrics } from '../../core/context.js'

/**
 * Of a sink beside another one, which counts under the same operator: what both have of one name stays apart. Counters and
 * gauges get the label `sink`, also of one beside that one (`backup.rejected`); histograms, which have no labels, a prefix.
 */
export function sideMetrics(metrics: Metrics, suffix: string): Metrics {
  const labelled = (labels: MetricLabels = {}): MetricLabels => {
    const { sink } = labels
    return { ...labels, sink: sink === undefined ? suffix : `${suffix}.${sink}` }
  }
  return {
    counter: (name, labels) => metrics.counter(name, labelled(labels)),
    gauge: (name, read, labels) => metrics.gauge(name, read, labelled(labels)),
    histogram: (name) => metrics.histogram(`${suffix}_${name}`),
  }
}
