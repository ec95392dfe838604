import { isPromiseAmong } from '../../promises.js'
import type { InternalKey } from '../../state/key.js'
import { fromInternalKey } from '../../state/key-codec.js'
import type { Aggregate } from '../../window/aggregate.js'
import { maxTimestampOf, type TimeWindow, type Window } from '../../window/time-window.js'
import type { OperatorContext, Output } from '../operator.js'
import { plainRows, promisedRow } from '../promised-rows.js'
import { isAsynchronous, notIterable, returnedPromise, type Where } from '../user-error.js'
import type { Contents } from './contents.js'
import { firingFailed, placeOf } from './invalid-input.js'
import { NOTHING_REPLACED } from './replaced.js'
import type { ProcessContents, SummaryContents } from './spec.js'
import { WindowCallContext } from './window-call-context.js'

/** The values themselves. The list is the window's own; nobody else may hold it. */
const VALUES: Aggregate<unknown, unknown[], unknown[]> = {
  kind: 'values',
  create: () => [],
  add(values, value) {
    values.push(value)
    return values
  },
  merge(left, right) {
    for (let index = 0; index < right.length; index++) left.push(right[index])
    return left
  },
  result: (values) => values,
}

type AnyFunction =
  | ProcessContents<unknown, Window, unknown>
  | SummaryContents<unknown, Window, unknown, unknown, unknown>

/** Gives what a window holds to the user's function, and iterates what it returns as there is room. */
export class ProcessedContents implements Contents {
  readonly aggregate: Aggregate<unknown, unknown, unknown>
  private readonly contents: AnyFunction
  private context!: OperatorContext
  private callContext!: WindowCallContext
  private rows: Iterator<unknown> | undefined
  private isFirstRow = true
  private window: Window | undefined
  private timestamp = 0
  /** Of the window whose rows are not all out: what is to go when they are. */
  private over: (() => void) | undefined

  constructor(contents: AnyFunction) {
    this.contents = contents
    // The accumulators that come back are those that it made.
    this.aggregate = (contents.kind === 'process' ? VALUES : contents.aggregate) as Aggregate<unknown, unknown, unknown>
  }

  open(context: OperatorContext): void | Promise<void> {
    this.context = context
    this.callContext = new WindowCallContext(context, this.contents)
    return context.declaresOnly ? undefined : this.contents.open?.(context)
  }

  emit(
    key: InternalKey,
    window: Window,
    accumulator: unknown,
    watermark: number,
    output: Output,
    replaces: readonly TimeWindow[] = NOTHING_REPLACED,
  ): boolean {
    const { guard } = this.context
    const { callContext } = this
    this.timestamp = maxTimestampOf(window)
    this.window = window
    callContext.begin(key, window, watermark, replaces)
    if (guard === undefined) {
      this.call(key, window, accumulator, output)
      return this.drain(output)
    }
    // All of it at once: its rows go on when it has succeeded.
    guard.run(
      () => {
        this.abandon()
        this.call(key, window, accumulator, guard.captured)
        this.drain(guard.captured)
      },
      () => ({ value: { key: fromInternalKey(key), window }, timestamp: this.timestamp }),
    )
    this.abandon()
    return true
  }

  drain(output: Output): boolean {
    if (this.rows === undefined) return true
    this.callContext.enter(output)
    let rest: Iterator<unknown> | undefined
    try {
      while (!output.full) {
        const next = this.rows.next()
        if (next.done) {
          this.end()
          return true
        }
        if (isPromiseAmong(next.value, this.isFirstRow)) {
          // It has not thrown: its `finally` runs where the operator is closed.
          rest = this.rows
          throw promisedRow(rest, next.value, this.where())
        }
        this.isFirstRow = false
        output.emit(next.value, this.timestamp)
      }
      return false
    } catch (thrown) {
      // It threw: it has ended, and must not be asked to return.
      this.rows = rest
      throw firingFailed(thrown, this.context.operatorId, this.window as Window)
    } finally {
      this.callContext.leave()
    }
  }

  onRemoved(start: number, key: InternalKey, slot: number): void {
    const remove = (): void => this.callContext.windowStates?.remove(start, key, slot)
    if (this.rows === undefined) remove()
    else this.over = remove
  }

  onDropped(start: number): void {
    const { keyGroups } = this.context
    this.callContext.windowStates?.drop(start, keyGroups.end - keyGroups.first)
  }

  close(): void | Promise<void> {
    this.abandon()
    return this.contents.close?.()
  }

  private call(key: InternalKey, window: Window, accumulator: unknown, output: Output): void {
    this.callContext.enter(output)
    try {
      const values = this.aggregate.result(accumulator)
      const process = this.contents.process as SummaryContents<unknown, Window, unknown, unknown, unknown>['process']
      this.rows = this.iterate(process(fromInternalKey(key), window, values, this.callContext))
    } catch (thrown) {
      throw firingFailed(thrown, this.context.operatorId, window)
    } finally {
      this.callContext.leave()
    }
  }

  private end(): void {
    this.rows = undefined
    this.over?.()
    this.over = undefined
  }

  private abandon(): void {
    const { rows } = this
    this.rows = undefined
    if (rows === undefined) return
    // A generator's `finally` is part of its call.
    this.callContext.enter(undefined)
    try {
      rows.return?.()
    } finally {
      this.callContext.leave()
    }
  }

  private where(): Where {
    return { operatorId: this.context.operatorId, call: 'process', ...placeOf(this.window as Window) }
  }

  private iterate(rows: unknown): Iterator<unknown> {
    if (isAsynchronous(rows)) throw returnedPromise(rows, this.where())
    const iterable = rows as Iterable<unknown> | null | undefined
    if (typeof iterable?.[Symbol.iterator] !== 'function') throw notIterable(rows, this.where())
    this.isFirstRow = true
    return plainRows(iterable, () => this.where())
  }
}
