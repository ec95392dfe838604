import type { Counter } from '../../context.js'
import { isPromiseAmong } from '../../promises.js'
import { mapState, valueState } from '../../state/declare.js'
import type { Key } from '../../state/key.js'
import { keyedCoProcessOperator } from '../co-process.js'
import type { CallGuard } from '../guard/call-guard.js'
import type { Operator } from '../operator.js'
import { plainRows, promisedRow } from '../promised-rows.js'
import { type SideEmitter, type SideOutput, type SideOutputs, sideOutput } from '../side-output.js'
import { isAsynchronous, notIterable, returnedPromise, userError, type Where } from '../user-error.js'
import { joinTimestampMissing } from './join-error.js'
import type { TemporalJoinContext, TemporalJoinFunction } from './join-function.js'

/** `[from, version]`, ascending; of two with one timestamp the one that came last. */
type Versions<V> = readonly (readonly [from: number, version: V])[]

const LATE = { lateLeft: sideOutput<unknown>(), lateRight: sideOutput<unknown>() }
type Late = { readonly [Side in keyof typeof LATE]: SideOutput<unknown> }
const STATE = { waiting: mapState<number, unknown[]>(), versions: valueState<Versions<unknown>>() }

/**
 * 1. A record waits until the watermark reaches its timestamp: no version at or before it comes any more but a late one.
 * 2. A record or version at or before the watermark is late: what it would have changed has gone out.
 * 3. A record is a call by itself also where several wait for one time: with an error policy one fails alone.
 * 4. Of the versions at or before the watermark only the newest is kept, so that a key has one for ever and no more.
 */
export function temporalJoinOperator<K extends Key, T, V, O extends SideOutputs, R, C>(
  operatorId: string,
  fn: TemporalJoinFunction<K, T, V, O, R, C>,
): Operator<T | V, R> {
  const call = typeof fn === 'function' ? fn : fn.process.bind(fn)
  const object = typeof fn === 'function' ? undefined : fn
  let guard: CallGuard | undefined
  const operator = keyedCoProcessOperator<K, T, V, typeof STATE, O & Late, never, never, R, Opened<C>>({
    state: STATE,
    // The late sides and those of O: what the type says.
    sideOutputs: { ...LATE, ...object?.sideOutputs } as O & Late,
    async open(context) {
      // Without `open` the function's C is undefined.
      return { late: context.metrics.counter('lateRecords'), own: (await object?.open?.(context)) as C }
    },
    close: ({ own }) => object?.close?.(own),
    onLeft(record, { timestamp, watermark, state, timers, sideOutputs }, { late }) {
      requireTimestamp(operatorId, timestamp)
      if (timestamp <= watermark) {
        dropLate(record, late, sideOutputs.lateLeft)
        return
      }
      // Its own, to be changed here alone.
      const waiting = (state.waiting.get(timestamp) ?? []) as unknown[]
      // First it is marked as changed, so that a checkpoint that is being written still gets it as it was. Adding is last:
      // nothing can fail behind it that would have to take it back.
      state.waiting.put(timestamp, waiting)
      timers.registerEventTime(timestamp)
      waiting.push(record)
    },
    onRight(version, { timestamp, watermark, state, sideOutputs }, { late }) {
      requireTimestamp(operatorId, timestamp)
      if (timestamp <= watermark) {
        dropLate(version, late, sideOutputs.lateRight)
        return
      }
      const others = state.versions.value() ?? []
      state.versions.update(withVersion(fromNewestAt(others, watermark), timestamp, version))
    },
    *onTimer({ timestamp }, { key, watermark, state, sideOutputs }, { own }) {
      const records = state.waiting.get(timestamp) ?? []
      state.waiting.remove(timestamp)
      const versions = state.versions.value() ?? []
      const kept = fromNewestAt(versions, timestamp)
      if (kept.length < versions.length) state.versions.update(kept)
      const newest = kept[0] !== undefined && kept[0][0] <= timestamp ? kept[0] : undefined
      const given: TemporalJoinContext<K, O> = { key, timestamp, versionTimestamp: newest?.[0], watermark, sideOutputs }
      for (const record of records) {
        // The graph connects each input to the stream of its type, and nothing else is put into the state.
        const rows = () =>
          rowsOf<R>(operatorId, timestamp, () => call(record as T, newest?.[1] as V | undefined, given, own))
        if (guard === undefined) yield* rows()
        else captureRows<R>(guard, { operatorId, record, timestamp, rows })
      }
    },
  })
  return {
    open(context) {
      guard = context.guard
      return operator.open?.(context)
    },
    onRestored: () => operator.onRestored?.(),
    process: (batch, from, output, input) => operator.process(batch, from, output, input),
    onWatermark: (watermark, output) => operator.onWatermark?.(watermark, output) ?? true,
    close: () => operator.close?.(),
  }
}

interface Waiting<R> {
  readonly operatorId: string
  readonly record: unknown
  readonly timestamp: number
  readonly rows: () => Iterable<R>
}

/** A timer fires within a call of the guard: what is captured here goes on with it. */
function captureRows<R>(guard: CallGuard, { operatorId, record, timestamp, rows }: Waiting<R>): void {
  guard.attempt(
    () => {
      try {
        for (const row of rows()) guard.captured.emit(row, timestamp)
      } catch (thrown) {
        throw userError(thrown, { operatorId, call: 'process', timestamp })
      }
    },
    () => ({ value: record, timestamp, isRecord: true }),
  )
}

interface Opened<C> {
  readonly late: Counter
  readonly own: C
}

function dropLate(value: unknown, late: Counter, side: SideEmitter<unknown>): void {
  late.add(1)
  side.emit(value)
}

/** Without those that a newer one has replaced by `timestamp`. */
function fromNewestAt<V>(versions: Versions<V>, timestamp: number): Versions<V> {
  let newest = 0
  while (newest + 1 < versions.length && versions[newest + 1]![0] <= timestamp) newest++
  return newest === 0 ? versions : versions.slice(newest)
}

function withVersion<V>(versions: Versions<V>, from: number, version: V): Versions<V> {
  let at = versions.length
  while (at > 0 && versions[at - 1]![0] > from) at--
  const isReplaced = at > 0 && versions[at - 1]![0] === from
  return [...versions.slice(0, isReplaced ? at - 1 : at), [from, version], ...versions.slice(at)]
}

function rowsOf<R>(operatorId: string, timestamp: number, call: () => unknown): Iterable<R> {
  const where = { operatorId, call: 'process', timestamp }
  let rows: unknown
  try {
    rows = call()
  } catch (thrown) {
    throw userError(thrown, where)
  }
  if (rows === undefined) return []
  if (isAsynchronous(rows)) throw returnedPromise(rows, where)
  if (typeof (rows as Partial<Iterable<R>> | null)?.[Symbol.iterator] === 'function') {
    return oneByOne(rows as Iterable<R>, where)
  }
  throw notIterable(rows, where)
}

function* oneByOne<R>(rows: Iterable<R>, where: Where): Generator<R> {
  try {
    const iterator = plainRows(rows, () => where)
    let isFirst = true
    for (const row of { [Symbol.iterator]: () => iterator }) {
      if (isPromiseAmong(row, isFirst)) throw promisedRow(iterator, row, where)
      isFirst = false
      yield row
    }
  } catch (thrown) {
    // Its user has written no `onTimer`.
    throw userError(thrown, where)
  }
}

function requireTimestamp(operatorId: string, timestamp: number): void {
  if (!Number.isFinite(timestamp)) throw joinTimestampMissing(operatorId, timestamp)
}
