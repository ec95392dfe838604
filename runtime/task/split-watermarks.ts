import { type Element, MIN_WATERMARK } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { WatermarkCoalescer } from '../../core/time/coalescer.js'
import { IdlenessClock } from '../../core/time/idleness-clock.js'
import type { WatermarkGenerator, WatermarkStrategy } from '../../core/time/watermark-strategy.js'
import type { SourceTime } from './source-time.js'

const NOTHING: readonly Element[] = Object.freeze([])
/** Idleness is a matter of seconds; a look costs something for each split. */
const LOOK_EVERY_MS = 250

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
  /** Alignment holds it back. */
  paused: boolean
}

/** Where a split begins. */
export interface SplitStart {
  readonly id: string
  readonly watermark: number
  readonly status: 'active' | 'idle' | 'finished'
}

/** Event time of one source subtask: a generator and an idleness clock for each split, merged to one watermark. */
export class SplitWatermarks {
  private readonly options: SplitWatermarksOptions
  private readonly coalescer = new WatermarkCoalescer({ inputs: 0 })
  /** By input; undefined: removed. */
  private readonly splits: (SplitTime | undefined)[] = []
  private source: { readonly time: SourceTime; readonly subtask: number } | undefined
  private cancelTimer: (() => void) | undefined
  private lookedAt = Number.NEGATIVE_INFINITY

  constructor(options: SplitWatermarksOptions) {
    this.options = options
  }

  get emitted(): number {
    return this.coalescer.emitted
  }

  /** What the whole source has said: a record up to it is late. */
  get passed(): number {
    return Math.max(this.coalescer.emitted, this.source?.time.emitted ?? MIN_WATERMARK)
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

  /** From here on no watermark goes out that is above what the whole source has reached. */
  join(time: SourceTime, subtask: number): void {
    this.source = { time, subtask }
    time.join(subtask, this.options.wake)
  }

  /** Returns the input that stands for the split in the other calls. */
  add({ id, watermark, status }: SplitStart): number {
    const { strategy } = this.options
    const generator = strategy.generator()
    if (watermark !== MIN_WATERMARK) generator.restore(watermark)
    const clock = new IdlenessClock(strategy.idleAfterMs)
    const input = this.coalescer.addInput(watermark, status)
    this.splits[input] = { id, generator, clock, catchingUp: false, finished: status === 'finished', paused: false }
    this.report()
    return input
  }

  /** Of a split that has ended. */
  remove(input: number): void {
    this.splits[input] = undefined
    this.coalescer.removeInput(input)
  }

  /** The output waits for it: it is neither idle, nor catching up. */
  isHolding(input: number): boolean {
    return this.coalescer.isHolding(input)
  }

  /** Further ahead of the slowest split of the source, or of its group, than the strategy allows. */
  isAhead(input: number): boolean {
    const split = this.at(input)
    split.paused = split.generator.current() > this.drifted
    return split.paused
  }

  /** How many splits alignment holds back now. */
  get ahead(): number {
    const { drifted } = this
    let ahead = 0
    for (const split of this.splits) if (split?.finished === false && split.generator.current() > drifted) ahead++
    return ahead
  }

  /** What may go out since other subtasks got on. */
  catchUp(): readonly Element[] {
    if (this.source === undefined) return NOTHING
    const { ceiling, emitted } = this.source.time
    const elements = this.coalescer.limit(ceiling, emitted)
    if (elements.length > 0) this.report()
    return elements
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
    if (!this.coalescer.isInputIdle(input)) return this.shared(this.coalescer.settle())
    split.catchingUp = true
    return this.shared(this.coalescer.onIdleness(input, false))
  }

  /** To be forwarded behind them. */
  afterRecords(input: number): readonly Element[] {
    const split = this.at(input)
    const watermark = split.generator.current()
    const elements = this.shared(this.coalescer.onWatermark(input, watermark))
    if (split.catchingUp && this.coalescer.isHolding(input)) split.catchingUp = false
    return elements
  }

  finish(input: number): readonly Element[] {
    this.at(input).finished = true
    return this.shared(this.coalescer.finishInput(input))
  }

  /** Nobody has looked at the clocks for a while, though there was something to read all the time. */
  get isLookDue(): boolean {
    return this.options.environment.clock.monotonic() - this.lookedAt >= LOOK_EVERY_MS
  }

  /** Nothing was there to read, or a look is due: lets the clocks of the splits that are caught up run. */
  onQuiet(isCaughtUp: (input: number) => boolean): readonly Element[] {
    const now = this.options.environment.clock.monotonic()
    this.lookedAt = now
    const elements: Element[] = [...this.coalescer.settle()]
    let nextLookMs = Number.POSITIVE_INFINITY
    for (let input = 0; input < this.splits.length; input++) {
      const split = this.splits[input]
      if (split === undefined || split.finished) continue
      const { clock, paused } = split
      clock.look({ now, caughtUp: isCaughtUp(input), paused })
      if (clock.isIdle && !this.coalescer.isInputIdle(input)) elements.push(...this.coalescer.onIdleness(input, true))
      nextLookMs = Math.min(nextLookMs, clock.remainingMs ?? Number.POSITIVE_INFINITY)
    }
    this.lookAgainIn(nextLookMs)
    return this.shared(elements)
  }

  /** The task is held back: what it has not read is no silence of the splits. */
  pauseClocks(): void {
    const now = this.options.environment.clock.monotonic()
    for (const split of this.splits) split?.clock.look({ now, caughtUp: false, paused: true })
  }

  close(): void {
    this.cancelTimer?.()
  }

  /** Tells the source what was reached here, and adds what may go out because of that. */
  private shared(elements: readonly Element[]): readonly Element[] {
    if (this.source === undefined) return elements
    this.report()
    const more = this.catchUp()
    return more.length === 0 ? elements : [...elements, ...more]
  }

  private report(): void {
    this.source?.time.report(this.source.subtask, this.coalescer.lowest, this.coalescer.emitted)
  }

  /** A split whose watermark is above it waits. */
  private get drifted(): number {
    const { maxDriftMs } = this.options.strategy
    if (maxDriftMs === undefined || this.source === undefined) return Number.POSITIVE_INFINITY
    return this.source.time.lowest + maxDriftMs
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
