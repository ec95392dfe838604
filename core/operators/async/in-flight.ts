import { MAX_WATERMARK } from '../../element.js'
import type { TidemarkError } from '../../errors.js'
import type { Origin } from '../../origin.js'
import type { HeldElement } from '../operator.js'

/** Where the rows of one batch came from: shared by the inputs made of it. */
export interface InputOrigin {
  /** Of the batch: what an error says. */
  readonly batch: Origin | undefined
  /** Of what is emitted: no longer one to one with the batch. */
  readonly emitted: Origin | undefined
}

/** A record whose result has not gone on yet. */
export class Input<T, R> {
  readonly value: T
  readonly timestamp: number
  /** Undefined for what was restored. */
  readonly origin: InputOrigin | undefined
  readonly position: number
  readonly segment: Segment<T, R>
  isDone = false
  result: R | undefined = undefined
  /** Instead of a result, of one that the error policy takes care of. */
  failure: TidemarkError | undefined = undefined

  constructor(
    segment: Segment<T, R>,
    value: T,
    timestamp: number,
    { origin, position = 0 }: { readonly origin?: InputOrigin | undefined; readonly position?: number } = {},
  ) {
    this.segment = segment
    this.value = value
    this.timestamp = timestamp
    this.origin = origin
    this.position = position
  }
}

/** Inputs with no watermark between them, and what waits behind the last of them. */
class Segment<T, R> {
  readonly inputs = new Set<Input<T, R>>()
  /** Finished and not gone on, as they came: for results without order. */
  readonly finished = new Set<Input<T, R>>()
  boundary: Boundary | undefined
}

/** What came between two records, without what the last of it makes void: so there is one for each record at most. */
interface Boundary {
  /** The input was active again before the watermark came. */
  isResumed: boolean
  watermark: number | undefined
  isIdle: boolean
}

/**
 * Which result may go on. Performs no I/O and knows no clock.
 *
 * 1. With order: an input's result goes on behind those of all inputs before it.
 * 2. Without: results go on as they come, but none crosses a watermark, in either direction.
 * 3. A watermark, and whether the stream is idle, goes on behind the results of all inputs before it.
 */
export class InFlight<T, R> {
  readonly #isOrdered: boolean
  /** Never empty. Inputs go into the last one, results come out of the first. */
  readonly #segments: Segment<T, R>[] = [new Segment()]
  #size = 0

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered
  }

  /** Inputs whose result has not gone on. */
  get size(): number {
    return this.#size
  }

  /** Nothing waits: neither an input nor a watermark. */
  get isEmpty(): boolean {
    return this.#size === 0 && this.#first.boundary === undefined
  }

  add(value: T, timestamp: number, place: { origin?: InputOrigin | undefined; position?: number } = {}): Input<T, R> {
    let segment = this.#segments[this.#segments.length - 1]!
    if (segment.boundary !== undefined) {
      segment = new Segment()
      this.#segments.push(segment)
    }
    const input = new Input(segment, value, timestamp, place)
    segment.inputs.add(input)
    this.#size++
    return input
  }

  finish(input: Input<T, R>, result: R): void {
    input.result = result
    this.#done(input)
  }

  /** It has no result: what comes instead of one goes on where that would have. */
  fail(input: Input<T, R>, failure: TidemarkError): void {
    input.failure = failure
    this.#done(input)
  }

  #done(input: Input<T, R>): void {
    input.isDone = true
    if (!this.#isOrdered) input.segment.finished.add(input)
  }

  hold(element: HeldElement): void {
    const segment = this.#segments[this.#segments.length - 1]!
    segment.boundary ??= { isResumed: false, watermark: undefined, isIdle: false }
    const { boundary } = segment
    if (element.kind === 'watermark') {
      boundary.watermark = element.timestamp
    } else {
      boundary.isIdle = element.idle
      if (!element.idle) boundary.isResumed = true
    }
  }

  /** The input whose result goes on next. */
  ready(): Input<T, R> | undefined {
    const { inputs, finished } = this.#first
    for (const input of this.#isOrdered ? inputs : finished) return input.isDone ? input : undefined
    return undefined
  }

  remove(input: Input<T, R>): void {
    input.segment.inputs.delete(input)
    input.segment.finished.delete(input)
    this.#size--
  }

  /** What goes on next instead of a result. It is gone from here. */
  takeBoundary(): readonly HeldElement[] {
    const { inputs, boundary } = this.#first
    if (inputs.size > 0 || boundary === undefined) return []
    if (this.#segments.length > 1) this.#segments.shift()
    else this.#first.boundary = undefined
    const { isResumed, watermark, isIdle } = boundary
    const elements: HeldElement[] = []
    if (isResumed) elements.push({ kind: 'idleness', idle: false })
    if (watermark !== undefined) elements.push({ kind: 'watermark', timestamp: watermark })
    if (isIdle) elements.push({ kind: 'idleness', idle: true })
    return elements
  }

  /** In the order in which they came. */
  inputs(): readonly Input<T, R>[] {
    return this.#segments.flatMap((segment) => [...segment.inputs])
  }

  /** Watermarks that wait, each with the number of inputs before it. Not that of the end: it is never stored. */
  heldWatermarks(): readonly (readonly [inputsBefore: number, watermark: number])[] {
    const held: [number, number][] = []
    let inputsBefore = 0
    for (const { inputs, boundary } of this.#segments) {
      inputsBefore += inputs.size
      if (boundary?.watermark === undefined || boundary.watermark === MAX_WATERMARK) continue
      held.push([inputsBefore, boundary.watermark])
    }
    return held
  }

  get #first(): Segment<T, R> {
    return this.#segments[0]!
  }
}
