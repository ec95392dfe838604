import type { Counter, Histogram, Metrics } from '../../core/context.js'

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
}
