import type { Counter, Histogram, Metrics } from '../../core/context.js'

/** All instruments of one operator on one subtask, as of now. */
export interface Instruments {
  readonly counters: Readonly<Record<string, number>>
  readonly gauges: Readonly<Record<string, number>>
  readonly histograms: Readonly<Record<string, HistogramReading>>
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

/** Instruments of one operator on one subtask. */
export class OperatorMetrics implements Metrics {
  private readonly counters = new Map<string, LocalCounter>()
  private readonly gauges = new Map<string, () => number>()
  private readonly histograms = new Map<string, LocalHistogram>()

  counter(name: string): Counter {
    const existing = this.counters.get(name)
    if (existing) return existing
    const counter = new LocalCounter()
    this.counters.set(name, counter)
    return counter
  }

  gauge(name: string, read: () => number): void {
    this.gauges.set(name, read)
  }

  histogram(name: string): Histogram {
    const existing = this.histograms.get(name)
    if (existing) return existing
    const histogram = new LocalHistogram()
    this.histograms.set(name, histogram)
    return histogram
  }

  /** Counters and gauges by name, as of now. */
  read(): Record<string, number> {
    const values: Record<string, number> = {}
    for (const [name, counter] of this.counters) values[name] = counter.value
    for (const [name, read] of this.gauges) values[name] = read()
    return values
  }

  instruments(): Instruments {
    return {
      counters: Object.fromEntries([...this.counters].map(([name, counter]) => [name, counter.value])),
      gauges: Object.fromEntries([...this.gauges].flatMap(([name, read]) => readGauge(name, read))),
      histograms: Object.fromEntries([...this.histograms].map(([name, histogram]) => [name, histogram.read()])),
    }
  }
}

/** `read` is a user's: one that throws, or gives no number, is left out and spoils no others. */
function readGauge(name: string, read: () => number): [string, number][] {
  try {
    const value = read()
    return typeof value === 'number' ? [[name, value]] : []
  } catch {
    return []
  }
}
