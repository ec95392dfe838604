import type { CompileError } from '../compile-error.js'
import type { Counter } from '../context.js'
import { errorPolicyOf } from '../operators/guard/error-policy.js'
import type { KeyedProcess } from '../operators/process-function.js'
import { type SideOutput, sideOutput } from '../operators/side-output.js'
import { mapState, valueState } from '../state/declare.js'
import type { Key, KeyScalar } from '../state/key.js'
import { PROCESS_OPTIONS } from '../stream/placement.js'
import type { ProcessOptions, Stream } from '../stream/stream.js'
import type { TimeWindow } from '../window/index.js'
import { addPattern } from './add-pattern.js'
import { type Candidate, rankIn } from './ranking.js'
import { invalid, nameOf, type Place, requireCount, requireOptions, requireSelector } from './settings.js'
import { keyOf, orderedOf, scalarOf, windowOf } from './value-invalid.js'
import { withStreams } from './with-streams.js'

export interface TopPerWindowOptions<in T> extends ProcessOptions {
  readonly n: number
  /** What rows are ordered by, largest first. For the smallest, negate it. */
  readonly by: (row: T) => number
  /** Of rows with one `by` the one with the smaller `thenBy` comes first. Default: the row's `key`. */
  readonly thenBy?: (row: T) => Key
  /** A ranking for each of these, and not one for the window: `(row) => row.borough`. */
  readonly per?: (row: T) => KeyScalar
  /**
   * A row replaces the one with the same id: for windows that give more than one result (early, or a session that grew).
   * All rows of a window are then kept until it ends, not only `n`.
   */
  readonly id?: (row: T) => KeyScalar
}

/** Rows have the window that they are a result of, and no `rank`. */
export interface WindowRow {
  readonly window: TimeWindow
  readonly rank?: CompileError<"The row gets its place under the name 'rank'. Call the field something else.">
}

export interface TopRows<out T> extends Stream<T & { readonly rank: number }> {
  /** Rows that came when the watermark had passed the end of their window. They are counted. */
  readonly late: Stream<T>
}

/**
 * The `n` rows with the largest `by` of each window, with their `rank` (1, 2, ...), when the watermark reaches the
 * window's end. Rows are results of windows: they have a field `window`.
 *
 * 1. The order does not depend on that in which rows come: `by`, then `thenBy`. Only rows equal in both stand in the order
 *    of their arrival.
 * 2. A window keeps no more than `n` rows (see `id`), and all of its rows go through one subtask.
 * @param id unique in the job: its state is found by it in savepoints.
 * @example cells.pipe(topPerWindow('busiest', { n: 10, by: (cell) => cell.pickups }))
 * @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID
 */
export function topPerWindow<T extends WindowRow>(
  id: string,
  options: TopPerWindowOptions<T>,
): (rows: Stream<T>) => TopRows<T> {
  const place = { step: 'topPerWindow', id }
  requireOptions(place, options, { n: true, by: true, thenBy: true, per: true, id: true, ...PROCESS_OPTIONS })
  requireCount(place, 'n', options.n)
  requireSelector(place, 'by', options.by)
  for (const name of ['thenBy', 'per', 'id'] as const) {
    if (options[name] !== undefined) requireSelector(place, name, options[name])
  }
  const { per, onError } = options
  return (rows) => {
    if (typeof (rows as Partial<Stream<T>> | undefined)?.keyBy !== 'function') {
      throw invalid(place, `expected the rows of windows: rows.pipe(topPerWindow('${id}', ...))`)
    }
    const policy = errorPolicyOf(nameOf(place), onError)
    const keyed = rows.keyBy(
      (row): readonly KeyScalar[] => {
        const { start, end } = windowOf(place, row)
        return per === undefined ? [start, end] : [start, end, scalarOf(place, 'per', per(row))]
      },
      onError === undefined ? {} : { onError },
    )
    const top = addPattern<readonly KeyScalar[], T, State<T>, Sides<T>, never, T & { readonly rank: number }, Counter>(
      keyed,
      { ...place, label: `topPerWindow(${options.n})`, options, definition: definitionOf(place, options) },
    )
    if (policy?.action !== 'deadLetter') return top
    // What has no key fails before it is ranked.
    return withStreams(top.union(), { late: top.late, failed: keyed.failed.union(top.failed) })
  }
}

type Sides<T> = { readonly late: SideOutput<T> }
type State<T> = ReturnType<typeof stateOf<T>>

/** Of one window: without ids the best so far, in order; with them everything. */
const stateOf = <T>() => ({ best: valueState<Candidate<T>[]>(), all: mapState<KeyScalar, Candidate<T>>() })

function definitionOf<T extends WindowRow>(
  place: Place,
  { n, by, thenBy = keyField, id }: TopPerWindowOptions<T>,
): KeyedProcess<readonly KeyScalar[], T, State<T>, Sides<T>, never, T & { readonly rank: number }, Counter> {
  return {
    state: stateOf<T>(),
    sideOutputs: { late: sideOutput<T>() },
    open: ({ metrics }) => metrics.counter('lateRecords'),
    process(row, { watermark, state, timers, sideOutputs }, late) {
      const lastMs = row.window.end - 1
      if (lastMs <= watermark) {
        late.add()
        sideOutputs.late.emit(row)
        return
      }
      timers.registerEventTime(lastMs)
      const tie: Key | undefined = thenBy(row)
      const candidate: Candidate<T> = {
        score: orderedOf(place, 'by', by(row)),
        tie: tie === undefined ? undefined : keyOf(place, 'thenBy', tie),
        row,
      }
      if (id !== undefined) {
        state.all.put(scalarOf(place, 'id', id(row)), candidate)
        return
      }
      const best = (state.best.value() ?? []) as readonly Candidate<T>[]
      const rank = rankIn(best, candidate)
      if (rank < n) state.best.update([...best.slice(0, rank), candidate, ...best.slice(rank, n - 1)])
    },
    *onTimer(_timer, { state }) {
      let best = (state.best.value() ?? []) as readonly Candidate<T>[]
      if (id !== undefined) best = bestOf(state.all.values(), n)
      state.best.clear()
      state.all.clear()
      for (const [index, { row }] of best.entries()) yield { ...row, rank: index + 1 }
    },
  }
}

function bestOf<T>(all: Iterable<Candidate<T>>, n: number): readonly Candidate<T>[] {
  const best: Candidate<T>[] = []
  for (const candidate of all) {
    const rank = rankIn(best, candidate)
    if (rank >= n) continue
    best.splice(rank, 0, candidate)
    if (best.length > n) best.pop()
  }
  return best
}

/** Results of windows have their key under this name. */
function keyField(row: object): Key {
  return Reflect.get(row, 'key')
}
