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
 *
 * The elements that each call returns are to be forwarded in order.
 */
export class WatermarkCoalescer {
  private readonly inputs: Input[] = []
  private output: number
  private idle = false

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
  addInput(watermark: number = MIN_WATERMARK, status: 'active' | 'finished' = 'active'): number {
    return this.inputs.push({ watermark, status, joined: true }) - 1
  }

  onWatermark(index: number, watermark: number): readonly Element[] {
    const input = this.at(index)
    if (input.status !== 'active' || !(watermark > input.watermark)) return NOTHING
    input.watermark = watermark
    if (!input.joined) {
      if (watermark < this.output) return NOTHING
      input.joined = true
    }
    return this.settle()
  }

  onIdleness(index: number, idle: boolean): readonly Element[] {
    const input = this.at(index)
    if (input.status === 'finished' || (input.status === 'idle') === idle) return NOTHING
    input.status = idle ? 'idle' : 'active'
    input.joined = !idle && input.watermark >= this.output
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
    const next = anyJoined ? minimum : anyActive ? this.output : maximum
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
