import { type Element, MAX_WATERMARK, MIN_WATERMARK } from '../element.js'

export interface WatermarkCoalescerOptions {
  /** How many inputs there are at first, all active and silent. */
  readonly inputs: number
  /** The last output, where a checkpoint stored one: nothing up to it is emitted again. Default MIN_WATERMARK. */
  readonly emitted?: number
}

interface Input {
  watermark: number
  status: 'active' | 'idle' | 'finished'
  /** False from waking up until its own watermark has reached the output: until then it does not hold the others back. */
  joined: boolean
}

const NOTHING: readonly Element[] = Object.freeze([])

/**
 * Makes one watermark of many: of the channels of a subtask, or of the splits of a source. No clock: who is idle is
 * told. Invariants:
 * 1. The output is the minimum over active inputs, and strictly increasing.
 * 2. A regression of an input, and a watermark on an idle or finished one, change nothing.
 * 3. An input that wakes up counts again when its own watermark has reached the output.
 * 4. When no input is active the maximum over all goes out, then idleness.
 * 5. A new input holds the output where it is until it has caught up.
 * 6. The maximum, which is the end of an input, goes out when all have ended. Until then an ended input counts for
 *    nothing: one that is idle beside it may still have something to say.
 * 7. Nothing above the ceiling goes out. As long as there is one, others are active whose output meets this one's: where no
 *    input is, the ceiling itself goes out. Idleness would let the others pass a new input before they hear of it.
 *
 * The elements that each call returns are to be forwarded in order.
 */
export class WatermarkCoalescer {
  private readonly inputs: Input[] = []
  /** Numbers of removed ones. */
  private readonly free: number[] = []
  private output: number
  private idle = false
  private ceiling = Number.POSITIVE_INFINITY
  private passed = MIN_WATERMARK
  private low = Number.POSITIVE_INFINITY

  constructor(options: WatermarkCoalescerOptions) {
    this.output = options.emitted ?? MIN_WATERMARK
    for (let input = 0; input < options.inputs; input++) this.addInput()
  }

  /** The last output. */
  get emitted(): number {
    return this.output
  }

  /** Whether idleness was the last thing said downstream. */
  get isIdle(): boolean {
    return this.idle
  }

  /** What the output would be without a ceiling; infinite while it waits for no input. */
  get lowest(): number {
    return this.low
  }

  /** Whether the output waits for the input: not while it is idle, has ended, or catches up. */
  isHolding(input: number): boolean {
    const { status, joined } = this.at(input)
    return status === 'active' && joined
  }

  /** The last watermark of one input. */
  watermarkOf(input: number): number {
    return this.at(input).watermark
  }

  isInputIdle(input: number): boolean {
    return this.at(input).status === 'idle'
  }

  /** The active input that holds the output back; undefined when none is active. */
  get slowest(): number | undefined {
    let slowest: number | undefined
    for (let index = 0; index < this.inputs.length; index++) {
      const input = this.at(index)
      if (input.status !== 'active' || !input.joined || input.watermark === MAX_WATERMARK) continue
      if (slowest === undefined || input.watermark < this.at(slowest).watermark) slowest = index
    }
    return slowest
  }

  /**
   * A new split. Says nothing downstream: call `settle` when all new ones are there.
   * @param watermark what a checkpoint stored for it
   * @param status `finished` for one that had ended before that checkpoint
   */
  addInput(watermark: number = MIN_WATERMARK, status: 'active' | 'idle' | 'finished' = 'active'): number {
    if (status === 'active') this.low = Math.min(this.low, watermark)
    const input: Input = { watermark, status, joined: status !== 'idle' }
    const free = this.free.pop()
    if (free === undefined) return this.inputs.push(input) - 1
    this.inputs[free] = input
    return free
  }

  /** Forgets an input that has ended; its number may be given to a new one. */
  removeInput(index: number): void {
    this.inputs[index] = { watermark: MIN_WATERMARK, status: 'finished', joined: true }
    this.free.push(index)
  }

  /**
   * Nothing above `ceiling` goes out from here on, until it is raised.
   * @param passed what others, whose output meets this one's, have said: an input that wakes up has to reach that too
   */
  limit(ceiling: number, passed: number): readonly Element[] {
    this.passed = passed
    if (ceiling === this.ceiling) return NOTHING
    this.ceiling = ceiling
    return this.settle()
  }

  onWatermark(index: number, watermark: number): readonly Element[] {
    const input = this.at(index)
    if (input.status !== 'active' || !(watermark > input.watermark)) return NOTHING
    input.watermark = watermark
    if (!input.joined) {
      if (watermark < Math.max(this.output, this.passed)) return NOTHING
      input.joined = true
    }
    return this.settle()
  }

  onIdleness(index: number, idle: boolean): readonly Element[] {
    const input = this.at(index)
    if (input.status === 'finished' || (input.status === 'idle') === idle) return NOTHING
    input.status = idle ? 'idle' : 'active'
    input.joined = !idle && input.watermark >= Math.max(this.output, this.passed)
    return this.settle()
  }

  /** The input has ended for good and holds nothing back any more. */
  finishInput(index: number): readonly Element[] {
    const input = this.at(index)
    if (input.status === 'finished') return NOTHING
    input.status = 'finished'
    return this.settle()
  }

  /** What follows from the inputs as they are now; of use after `addInput`, and at the start of a source without any. */
  settle(): readonly Element[] {
    let minimum = Number.POSITIVE_INFINITY
    let maximum = MIN_WATERMARK
    let anyActive = false
    let anyJoined = false
    let anyEnded = false
    let anyOpen = false
    for (let index = 0; index < this.inputs.length; index++) {
      const input = this.at(index)
      if (input.watermark === MAX_WATERMARK) {
        anyEnded = true
        continue
      }
      if (input.status !== 'finished') anyOpen = true
      if (input.watermark > maximum) maximum = input.watermark
      if (input.status !== 'active') continue
      anyActive = true
      if (!input.joined) continue
      anyJoined = true
      if (input.watermark < minimum) minimum = input.watermark
    }
    if (anyEnded && !anyOpen) {
      anyActive = true
      anyJoined = true
    }
    this.low = anyJoined ? minimum : Number.POSITIVE_INFINITY
    const follows = !anyJoined && this.ceiling !== Number.POSITIVE_INFINITY
    if (follows) anyActive = true
    const reached = anyJoined ? minimum : anyActive ? this.output : maximum
    const next = follows ? this.ceiling : Math.min(reached, this.ceiling)
    const advances = next > this.output
    if (!advances && this.idle !== anyActive) return NOTHING

    const elements: Element[] = []
    if (this.idle && anyActive) elements.push({ kind: 'idleness', idle: false })
    if (advances) {
      this.output = next
      elements.push({ kind: 'watermark', timestamp: next })
    }
    if (!this.idle && !anyActive) elements.push({ kind: 'idleness', idle: true })
    this.idle = !anyActive
    return elements
  }

  private at(index: number): Input {
    return this.inputs[index] as Input
  }
}
