import { readFileSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'

/** A stretch of time during which nothing else on the event loop could run. */
interface Stretch {
  readonly start: number
  readonly end: number
}

interface Hold extends Stretch {
  /** What the event loop's thread had of the processor meanwhile. */
  readonly cpuMs: number
}

export interface HoldReport {
  /**
   * The longest hold, milliseconds, garbage collection taken off, and no more than the processor time it had: what
   * another process took of the machine is not the engine's.
   */
  readonly longestMs: number
  /** The longest by the clock, garbage collection taken off. */
  readonly longestByClockMs: number
  /** The longest as it was, garbage collection included. */
  readonly longestWithGcMs: number
  /** The longest single pause for garbage collection. */
  readonly longestGcMs: number
  readonly gcTotalMs: number
  /** Holds of more than 50 ms, counted as `longestMs`. */
  readonly above50: number
}

/** Of several runs: the largest of each. */
export function worst(reports: readonly HoldReport[]): HoldReport {
  const most = (of: (report: HoldReport) => number): number => Math.max(...reports.map(of))
  return {
    longestMs: most(({ longestMs }) => longestMs),
    longestByClockMs: most(({ longestByClockMs }) => longestByClockMs),
    longestWithGcMs: most(({ longestWithGcMs }) => longestWithGcMs),
    longestGcMs: most(({ longestGcMs }) => longestGcMs),
    gcTotalMs: most(({ gcTotalMs }) => gcTotalMs),
    above50: most(({ above50 }) => above50),
  }
}

const WORTH_KEEPING_MS = 2

/**
 * Measures how long the event loop is held: a callback in every turn of the loop notes the time since the one before.
 * What the loop spends waiting is no hold, but it never waits while such a callback is due.
 */
export class LoopHolds {
  private readonly holds: Hold[] = []
  private readonly pauses: Stretch[] = []
  private readonly observer = new PerformanceObserver((list) => this.note(list.getEntries()))
  private immediate: NodeJS.Immediate | undefined
  private last = 0
  private lastCpuMs = 0

  start(): void {
    this.observer.observe({ entryTypes: ['gc'] })
    this.last = performance.now()
    this.lastCpuMs = cpuMs()
    this.immediate = setImmediate(() => this.tick())
  }

  async stop(): Promise<HoldReport> {
    clearImmediate(this.immediate)
    this.tickOnce()
    // The observer hears of a collection in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 20))
    this.note(this.observer.takeRecords())
    this.observer.disconnect()
    const gcInside = (hold: Stretch): number =>
      this.pauses.reduce((sum, { start, end }) => {
        return sum + Math.max(0, Math.min(end, hold.end) - Math.max(start, hold.start))
      }, 0)
    const byClock = this.holds.map((hold) => lengthOf(hold) - gcInside(hold))
    const net = byClock.map((ms, index) => Math.min(ms, this.holds[index]?.cpuMs ?? ms))
    return {
      longestMs: largest(net),
      longestByClockMs: largest(byClock),
      longestWithGcMs: largest(this.holds.map(lengthOf)),
      longestGcMs: largest(this.pauses.map(lengthOf)),
      gcTotalMs: this.pauses.reduce((sum, pause) => sum + lengthOf(pause), 0),
      above50: net.filter((ms) => ms > 50).length,
    }
  }

  private tick(): void {
    this.tickOnce()
    this.immediate = setImmediate(() => this.tick())
  }

  private tickOnce(): void {
    const now = performance.now()
    const cpu = cpuMs()
    if (now - this.last >= WORTH_KEEPING_MS) {
      this.holds.push({ start: this.last, end: now, cpuMs: cpu - this.lastCpuMs })
    }
    this.last = now
    this.lastCpuMs = cpu
  }

  private note(entries: readonly { readonly startTime: number; readonly duration: number }[]): void {
    for (const { startTime, duration } of entries) this.pauses.push({ start: startTime, end: startTime + duration })
  }
}

/**
 * Processor time so far: of the thread of the event loop where Linux tells it, else of the whole process, which counts the
 * collector's and the file system's threads too.
 */
function cpuMs(): number {
  try {
    // Nanoseconds on a processor come first.
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
}

const lengthOf = ({ start, end }: Stretch): number => end - start

const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0)
