import type { Counter, Histogram, Metrics } from '../../core/context.js'

/** Counters that go on over the instances of a case, as those of a job do over its subtasks. */
export class HarnessMetrics implements Metrics {
  private readonly counters = new Map<string, { value: number; add(amount?: number): void }>()
  private readonly histograms = new Map<string, Histogram>()

  counter(name: string): Counter {
    let counter = this.counters.get(name)
    if (counter === undefined) {
      counter = {
        value: 0,
        add(amount = 1) {
          this.value += amount
        },
      }
      this.counters.set(name, counter)
    }
    return counter
  }

  gauge(): void {}

  histogram(name: string): Histogram {
    const histogram = this.histograms.get(name) ?? { record() {} }
    this.histograms.set(name, histogram)
    return histogram
  }

  /** Values by name, to go back to: what a failed instance has counted is counted again. */
  save(): ReadonlyMap<string, number> {
    return new Map([...this.counters].map(([name, { value }]) => [name, value]))
  }

  reset(saved: ReadonlyMap<string, number>): void {
    for (const [name, counter] of this.counters) counter.value = saved.get(name) ?? 0
  }

  valueOf(name: string): number {
    return this.counters.get(name)?.value ?? 0
  }
}
