import type { Counter, Histogram, MetricLabels, Metrics } from '../../core/context.js'

/** All instruments of one operator on one subtask, as of now. */
export interface Instruments {
  readonly counters: readonly InstrumentReading[]
  readonly gauges: readonly InstrumentReading[]
  readonly histograms: Readonly<Record<string, HistogramReading>>
}

export interface InstrumentReading {
  readonly name: string
  readonly labels: MetricLabels
  readonly value: number
}

export interface HistogramReading {
  /** How many values were below 1, 2, 4, 8 and so on, and not below the one before. */
  readonly buckets: readonly number[]
  readonly sum: number
  readonly count: number
}

class LocalCounter implements Counter {
  private count = 0

  add(amount = 1): void {
    this.count += amount
  }

  get value(): number {
    return this.count
  }
}

/** Powers of two from 1: enough to tell 5 ms from 50. */
class LocalHistogram implements Histogram {
  private readonly buckets = new Float64Array(64)
  count = 0
  sum = 0
  max = 0

  record(value: number): void {
    this.count++
    this.sum += value
    if (value > this.max) this.max = value
    const bucket = value < 1 ? 0 : Math.min(63, Math.floor(Math.log2(value)) + 1)
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1
  }

  read(): HistogramReading {
    const used = this.buckets.findLastIndex((amount) => amount > 0) + 1
    return { buckets: [...this.buckets.subarray(0, used)], sum: this.sum, count: this.count }
  }
}

interface Instrument<I> {
  readonly name: string
  readonly labels: MetricLabels
  readonly instrument: I
}

/** Instruments of one operator on one subtask. */
export class OperatorMetrics implements Metrics {
  private readonly counters = new Map<string, Instrument<LocalCounter>>()
  private readonly gauges = new Map<string, Instrument<() => number | undefined>>()
  private readonly histograms = new Map<string, LocalHistogram>()

  counter(name: string, labels: MetricLabels = {}): Counter {
    const key = keyOf(name, labels)
    const existing = this.counters.get(key)
    if (existing) return existing.instrument
    const counter = new LocalCounter()
    this.counters.set(key, { name, labels, instrument: counter })
    return counter
  }

  gauge(name: string, read: () => number | undefined, labels: MetricLabels = {}): void {
    this.gauges.set(keyOf(name, labels), { name, labels, instrument: read })
  }

  histogram(name: string): Histogram {
    const existing = this.histograms.get(name)
    if (existing) return existing
    const histogram = new LocalHistogram()
    this.histograms.set(name, histogram)
    return histogram
  }

  /** Counters and gauges by name, labels in braces, as of now. */
  read(): Record<string, number> {
    const values: Record<string, number> = {}
    for (const [key, { instrument }] of this.counters) values[key] = instrument.value
    for (const [key, { instrument }] of this.gauges) {
      const value = instrument()
      if (value !== undefined) values[key] = value
    }
    return values
  }

  instruments(): Instruments {
    return {
      counters: [...this.counters.values()].map(({ name, labels, instrument }) => ({
        name,
        labels,
        value: instrument.value,
      })),
      gauges: [...this.gauges.values()].flatMap(readGauge),
      histograms: Object.fromEntries([...this.histograms].map(([name, histogram]) => [name, histogram.read()])),
    }
  }
}

/** `records{shard="shardId-000000000000"}`, in the words of Prometheus. */
function keyOf(name: string, labels: MetricLabels): string {
  const pairs = Object.entries(labels)
  if (pairs.length === 0) return name
  return `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(',')}}`
}

/** `read` is a user's: one that throws, or gives no number, is left out and spoils no others. */
function readGauge({ name, labels, instrument }: Instrument<() => number | undefined>): InstrumentReading[] {
  try {
    const value = instrument()
    return typeof value === 'number' ? [{ name, labels, value }] : []
  } catch {
    return []
  }
}
