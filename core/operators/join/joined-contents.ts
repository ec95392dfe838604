import type { InternalKey, Key } from '../../state/key.js'
import { fromInternalKey } from '../../state/key-codec.js'
import type { Aggregate } from '../../window/aggregate.js'
import { maxTimestampOf, type TimeWindow, type Window } from '../../window/time-window.js'
import { Emission } from '../emission.js'
import type { CallGuard } from '../guard/call-guard.js'
import type { OperatorContext, Output } from '../operator.js'
import { type SideEmitters, type SideOutputs, SidePorts } from '../side-output.js'
import { UserCode } from '../user-code.js'
import { userError } from '../user-error.js'
import type { Contents, WaitingForm } from '../window/contents.js'
import type { Both, BothSides } from './both-sides.js'
import type { WindowJoinContext, WindowJoinFunction } from './join-function.js'
import { LATE_SIDES } from './late-sides.js'

export interface JoinedContentsOptions<K extends Key, A, B, W extends Window, O extends SideOutputs, R, C> {
  /** A join calls for each pair, a co-group once with both lists. */
  readonly kind: 'join' | 'coGroup'
  readonly fn: WindowJoinFunction<K, A, B, W, O, R, C>
  readonly sides: BothSides
}

/** A window that gives its results: the next call is that for record `left` of one side and `right` of the other. */
interface Firing<K extends Key, W extends Window, O extends SideOutputs> {
  readonly both: Both
  readonly context: WindowJoinContext<K, W, O>
  readonly timestamp: number
  left: number
  right: number
}

const NOTHING_REPLACED: readonly TimeWindow[] = []

/** Gives what a window has of both sides to the user's function, call by call, as there is room. */
export class JoinedContents<K extends Key, A, B, W extends Window, O extends SideOutputs, R, C> implements Contents {
  readonly aggregate: Aggregate<unknown, unknown, unknown>
  readonly lateOutput: () => string
  readonly waiting: WaitingForm
  readonly #isJoin: boolean
  readonly #call: (left: A, right: B, context: WindowJoinContext<K, W, O>, opened: C) => unknown
  readonly #declared: SideOutputs
  readonly #code: UserCode<C>
  // Made by `open`, which comes before everything else.
  #context!: OperatorContext
  #ports!: SidePorts
  #emission!: Emission<R>
  #firing: Firing<K, W, O> | undefined

  constructor({ kind, fn, sides }: JoinedContentsOptions<K, A, B, W, O, R, C>) {
    const isFunction = typeof fn === 'function'
    this.#isJoin = kind === 'join'
    // The accumulators that come back are those that it made.
    this.aggregate = sides as Aggregate<unknown, unknown, unknown>
    this.lateOutput = () => LATE_SIDES[sides.input === 0 ? 0 : 1]
    this.waiting = sides
    this.#call = isFunction ? fn : fn.process.bind(fn)
    this.#declared = isFunction ? {} : (fn.sideOutputs ?? {})
    this.#code = new UserCode(isFunction ? undefined : fn)
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#context = context
    this.#ports = new SidePorts(this.#declared, context)
    this.#emission = new Emission(context.operatorId, '')
    return this.#code.open(context)
  }

  emit(
    key: InternalKey,
    window: Window,
    accumulator: unknown,
    watermark: number,
    output: Output,
    replaces: readonly TimeWindow[] = NOTHING_REPLACED,
  ): boolean {
    const { environment } = this.#context
    this.#firing = {
      // BothSides makes nothing else.
      both: accumulator as Both,
      context: {
        // The key selectors of both streams give such keys, and the assigner such windows.
        key: fromInternalKey(key) as K,
        window: window as W,
        watermark,
        processingTime: environment.clock.now(),
        replaces,
        // The emitters were made from these declarations, name by name.
        sideOutputs: this.#ports.emitters as SideEmitters<O>,
      },
      timestamp: maxTimestampOf(window),
      left: 0,
      right: 0,
    }
    this.#emission.call =
      'start' in window ? `process of window [${window.start}, ${window.end})` : 'process of a window'
    return this.drain(output)
  }

  drain(output: Output): boolean {
    const firing = this.#firing
    if (firing === undefined) return true
    const { guard } = this.#context
    this.#ports.output = output
    this.#ports.timestamp = firing.timestamp
    try {
      if (this.#emission.active && !this.#emission.drain(output as Output<R>, firing.timestamp)) return false
      while (this.#isLeft(firing)) {
        if (output.full) return false
        if (guard === undefined) {
          const next = this.#startNext(firing)
          this.#advance(firing)
          if (next && !this.#emission.drain(output as Output<R>, firing.timestamp)) return false
        } else {
          this.#callGuarded(guard, firing)
          this.#advance(firing)
        }
      }
      this.#firing = undefined
      return true
    } finally {
      this.#ports.output = undefined
    }
  }

  async close(): Promise<void> {
    try {
      this.#emission?.abandon()
    } finally {
      await this.#code.close()
    }
  }

  #isLeft({ both, left, right }: Firing<K, W, O>): boolean {
    if (!this.#isJoin) return left === 0
    return left < both.left.length && right < both.right.length
  }

  #advance(firing: Firing<K, W, O>): void {
    if (this.#isJoin && ++firing.right < firing.both.right.length) return
    firing.left++
    firing.right = 0
  }

  /** What the next call is given. */
  #argumentsOf({ both, left, right }: Firing<K, W, O>): readonly [left: unknown, right: unknown] {
    return this.#isJoin ? [both.left[left], both.right[right]] : [both.left, both.right]
  }

  /** True when the call has given rows, or may. */
  #startNext(firing: Firing<K, W, O>): boolean {
    const [left, right] = this.#argumentsOf(firing)
    const { timestamp, context } = firing
    let rows: unknown
    try {
      // The graph connects each input to the stream of its type.
      rows = this.#call(left as A, right as B, context, this.#code.opened)
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#context.operatorId, call: this.#emission.call })
    }
    if (rows === undefined) return false
    this.#emission.start(rows, undefined, timestamp)
    return true
  }

  /** All of it at once: its rows go on when it has succeeded. */
  #callGuarded(guard: CallGuard, firing: Firing<K, W, O>): void {
    const { output } = this.#ports
    const { captured } = guard
    this.#ports.output = captured
    guard.run(
      () => {
        this.#emission.abandon()
        if (this.#startNext(firing)) this.#emission.drain(captured as Output<R>, firing.timestamp)
      },
      () => {
        const [left, right] = this.#argumentsOf(firing)
        const { key, window } = firing.context
        return { value: { key, window, left, right }, timestamp: firing.timestamp }
      },
    )
    this.#emission.abandon()
    this.#ports.output = output
  }
}
