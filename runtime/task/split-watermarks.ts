import { type Element, MIN_WATERMARK } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { WatermarkCoalescer } from '../../core/time/coalescer.js'
import { IdlenessClock } from '../../core/time/idleness-clock.js'
import type { WatermarkGenerator, WatermarkStrategy } from '../../core/time/watermark-strategy.js'

export interface SplitWatermarksOptions {
  readonly strategy: WatermarkStrategy<unknown>
  readonly environment: Environment
  /** Asks for another look when a split may have become idle. */
  readonly wake: () => void
}

interface SplitTime {
  readonly id: string
  readonly generator: WatermarkGenerator<unknown>
  readonly clock: IdlenessClock
  /** Has been idle and not yet reached the watermark that went out meanwhile. */
  catchingUp: boolean
  finished: boolean
}

/** Event time of one source subtask: a generator and an idleness clock for each split, merged to one watermark. */
export class SplitWatermarks {
  private readonly options: SplitWatermarksOptions
  private readonly coalescer = new WatermarkCoalescer({ inputs: 0 })
  private readonly splits: SplitTime[] = []
  private cancelTimer: (() => void) | undefined

  constructor(options: SplitWatermarksOptions) {
    this.options = options
  }

  get emitted(): number {
    return this.coalescer.emitted
  }

  get isIdle(): boolean {
    return this.coalescer.isIdle
  }

  /** The split that holds the watermark back. */
  get slowestSplit(): string | undefined {
    const slowest = this.coalescer.slowest
    return slowest === undefined ? undefined : this.splits[slowest]?.id
  }

  /** Epoch milliseconds beyond which a record does not enter a generator. */
  skewLimit(): number {
    const { strategy, environment } = this.options
    return strategy.maxSkewMs === undefined ? Number.POSITIVE_INFINITY : environment.clock.now() + strategy.maxSkewMs
  }

  /** Returns the input that stands for the split in the other calls. */
  add(id: string, restoredWatermark: number, finished: boolean): number {
    const { strategy } = this.options
    const generator = strategy.generator()
    if (restoredWatermark !== MIN_WATERMARK) generator.restore(restoredWatermark)
    const clock = new IdlenessClock(strategy.idleAfterMs)
    this.splits.push({ id, generator, clock, catchingUp: false, finished })
    return this.coalescer.addInput(restoredWatermark, finished ? 'finished' : 'active')
  }

  generatorOf(input: number): WatermarkGenerator<unknown> {
    return this.at(input).generator
  }

  watermarkOf(input: number): number {
    return this.at(input).generator.current()
  }

  isCatchingUp(input: number): boolean {
    return this.at(input).catchingUp
  }

  /** To be forwarded before the records of a split. */
  beforeRecords(input: number): readonly Element[] {
    const split = this.at(input)
    split.clock.onRecords()
    // A new split among idle ones has to be announced before its first record.
    if (!this.coalescer.isInputIdle(input)) return this.coalescer.settle()
    split.catchingUp = true
    return this.coalescer.onIdleness(input, false)
  }

  /** To be forwarded behind them. */
  afterRecords(input: number): readonly Element[] {
    const split = this.at(input)
    const watermark = split.generator.current()
    const elements = this.coalescer.onWatermark(input, watermark)
    if (split.catchingUp && watermark >= this.coalescer.emitted) split.catchingUp = false
    return elements
  }

  finish(input: number): readonly Element[] {
    this.at(input).finished = true
    return this.coalescer.finishInput(input)
  }

  /** Nothing was there to read: lets the clocks of the splits that are caught up run. */
  onQuiet(isCaughtUp: (input: number) => boolean): readonly Element[] {
    const now = this.options.environment.clock.monotonic()
    const elements: Element[] = [...this.coalescer.settle()]
    let nextLookMs = Number.POSITIVE_INFINITY
    for (let input = 0; input < this.splits.length; input++) {
      const { clock, finished } = this.at(input)
      if (finished) continue
      clock.look({ now, caughtUp: isCaughtUp(input), paused: false })
      if (clock.isIdle && !this.coalescer.isInputIdle(input)) elements.push(...this.coalescer.onIdleness(input, true))
      nextLookMs = Math.min(nextLookMs, clock.remainingMs ?? Number.POSITIVE_INFINITY)
    }
    this.lookAgainIn(nextLookMs)
    return elements
  }

  /** The task is held back: what it has not read is no silence of the splits. */
  pauseClocks(): void {
    const now = this.options.environment.clock.monotonic()
    for (const { clock } of this.splits) clock.look({ now, caughtUp: false, paused: true })
  }

  close(): void {
    this.cancelTimer?.()
  }

  private lookAgainIn(delayMs: number): void {
    this.cancelTimer?.()
    this.cancelTimer = undefined
    if (delayMs === Number.POSITIVE_INFINITY) return
    this.cancelTimer = this.options.environment.timers.after(delayMs, this.options.wake)
  }

  private at(input: number): SplitTime {
    return this.splits[input] as SplitTime
  }
}
