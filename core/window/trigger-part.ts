import type { TriggerContext } from './trigger.js'
import type { TimeDomain } from './window-spec.js'

export type Phase = 'early' | 'late'

/** What a trigger that is made of others keeps for the one whose phase it is. Plain data: it is in checkpoints. */
export interface PartState {
  readonly phase: Phase
  state: unknown
  readonly eventTimers: number[]
  readonly processingTimers: number[]
}

/** The timer of the whole: a part may want the same time, but not take it away. */
export interface OwnTimer {
  readonly time: TimeDomain
  readonly timestamp: number
}

/**
 * The context as a part sees it: with a state of its own, and with a note of its timers, so that they can be told from
 * others' and go when its phase is over.
 */
export class PartContext implements TriggerContext {
  private readonly whole: TriggerContext
  private readonly part: PartState
  private readonly own: OwnTimer

  /** Takes up what the phase has kept; what another phase has kept goes, with its timers. */
  constructor(whole: TriggerContext, phase: Phase, own: OwnTimer) {
    const found = partOf(whole.state)
    this.whole = whole
    this.own = own
    if (found?.phase === phase) this.part = found
    else {
      if (found !== undefined) this.dropTimers(found)
      this.part = { phase, state: undefined, eventTimers: [], processingTimers: [] }
    }
  }

  get watermark(): number {
    return this.whole.watermark
  }

  get processingTime(): number {
    return this.whole.processingTime
  }

  get state(): unknown {
    return this.part.state
  }

  set state(state: unknown) {
    this.part.state = state
  }

  registerEventTimeTimer(timestamp: number): void {
    note(this.part.eventTimers, timestamp)
    this.whole.registerEventTimeTimer(timestamp)
  }

  deleteEventTimeTimer(timestamp: number): void {
    if (forget(this.part.eventTimers, timestamp)) this.dropEventTimer(timestamp)
  }

  registerProcessingTimeTimer(timestamp: number): void {
    note(this.part.processingTimers, timestamp)
    this.whole.registerProcessingTimeTimer(timestamp)
  }

  deleteProcessingTimeTimer(timestamp: number): void {
    if (forget(this.part.processingTimers, timestamp)) this.dropProcessingTimer(timestamp)
  }

  /** Whether the timer that came is one of this part. It is then no longer. */
  takeEventTimer(timestamp: number): boolean {
    return forget(this.part.eventTimers, timestamp)
  }

  takeProcessingTimer(timestamp: number): boolean {
    return forget(this.part.processingTimers, timestamp)
  }

  /** Puts what the part keeps into the state of the whole; undefined when that is nothing. */
  store(): void {
    const { state, eventTimers, processingTimers } = this.part
    const isIdle = state === undefined && eventTimers.length === 0 && processingTimers.length === 0
    this.whole.state = isIdle ? undefined : this.part
  }

  private dropTimers({ eventTimers, processingTimers }: PartState): void {
    for (const timestamp of eventTimers) this.dropEventTimer(timestamp)
    for (const timestamp of processingTimers) this.dropProcessingTimer(timestamp)
  }

  private dropEventTimer(timestamp: number): void {
    const isOwn = this.own.time === 'event' && this.own.timestamp === timestamp
    if (!isOwn) this.whole.deleteEventTimeTimer(timestamp)
  }

  private dropProcessingTimer(timestamp: number): void {
    const isOwn = this.own.time === 'processing' && this.own.timestamp === timestamp
    if (!isOwn) this.whole.deleteProcessingTimeTimer(timestamp)
  }
}

/** The state is what `store` has put there, or nothing yet. */
export function partOf(state: unknown): PartState | undefined {
  return state as PartState | undefined
}

function note(timers: number[], timestamp: number): void {
  if (!timers.includes(timestamp)) timers.push(timestamp)
}

function forget(timers: number[], timestamp: number): boolean {
  const index = timers.indexOf(timestamp)
  if (index < 0) return false
  timers.splice(index, 1)
  return true
}
