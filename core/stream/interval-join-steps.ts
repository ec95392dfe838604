import { formatDuration } from '../duration.js'
import { graphError } from '../graph/graph-error.js'
import type { Interval } from '../operators/join/interval.js'
import { intervalJoinOperator } from '../operators/join/interval-join.js'
import type { IntervalJoinFunction } from '../operators/join/join-function.js'
import { LATE_SIDES } from '../operators/join/late-sides.js'
import type { SideOutputs } from '../operators/side-output.js'
import { requireKnownOptions } from '../options.js'
import type { Key } from '../state/key.js'
import { inputsOf, type TwoInputs } from './connected-steps.js'
import type { IntervalBound, IntervalBounds, IntervalJoinedStreams, JoinResults } from './join-streams.js'
import { operatorOf } from './operator-of.js'
import { placementOf } from './placement.js'
import { requireFunction } from './require-function.js'
import { withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import type { ProcessOptions, SideStreams } from './stream.js'

export class IntervalJoinSteps<out K extends Key, out T, out U> implements IntervalJoinedStreams<K, T, U> {
  readonly #both: TwoInputs
  readonly #bounds: IntervalBounds

  constructor(both: TwoInputs, bounds: IntervalBounds) {
    this.#both = both
    this.#bounds = bounds
  }

  process<R, O extends SideOutputs, C>(
    id: string,
    fn: IntervalJoinFunction<K, T, U, O, R, C>,
    options?: ProcessOptions,
  ): JoinResults<R, T, U> & SideStreams<O> {
    requireFunction(fn, 'process', `process '${id}' of an interval join`)
    const interval = intervalOf(id, this.#bounds)
    const declared = sideOutputNames(id, typeof fn === 'function' ? undefined : fn.sideOutputs)
    const { scope } = this.#both
    const node = scope.graph.addOperator({
      id: id ?? '',
      step: 'intervalJoin',
      label: `intervalJoin(${signed(interval.lowerMs)}, ${signed(interval.upperMs)}).process`,
      inputs: inputsOf(this.#both),
      sideOutputs: [...LATE_SIDES, ...declared],
      ...placementOf(`intervalJoin '${id}'`, options),
      create: operatorOf(() => intervalJoinOperator(interval, fn)),
    })
    // The first two side outputs are those of late records.
    return withSideStreams<R, Pick<JoinResults<R, T, U>, 'lateLeft' | 'lateRight'> & SideStreams<O>>(scope, node)
  }
}

const BOUNDS: Readonly<Record<keyof IntervalBounds, true>> = {
  lower: true,
  upper: true,
  lowerExclusive: true,
  upperExclusive: true,
}

/** Both bounds included. @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID */
function intervalOf(id: string, bounds: IntervalBounds): Interval {
  // A JavaScript caller may have left them out.
  const given: Partial<IntervalBounds> = bounds ?? {}
  requireKnownOptions(`intervalJoin '${id}'`, given, BOUNDS)
  const { lower, upper, lowerExclusive = false, upperExclusive = false } = given
  const lowerMs = millisOf(id, 'lower', lower) + (lowerExclusive ? 1 : 0)
  const upperMs = millisOf(id, 'upper', upper) - (upperExclusive ? 1 : 0)
  if (lowerMs <= upperMs) return { lowerMs, upperMs }
  throw graphError(
    'GRAPH_STEP_INVALID',
    `intervalJoin '${id}': no time lies between its bounds, from ${signed(lowerMs)} to ${signed(upperMs)} as seen from the ` +
      'left record: the lower bound must not be above the upper one',
    id,
  )
}

function millisOf(id: string, name: string, bound: IntervalBound | undefined): number {
  const isBefore = typeof bound === 'object' && bound !== null && 'before' in bound
  const ms = (isBefore ? bound.before : bound)?.ms
  // Zero has no sign.
  if (Number.isSafeInteger(ms)) return isBefore ? 0 - (ms as number) : (ms as number)
  throw graphError(
    'GRAPH_STEP_INVALID',
    `intervalJoin '${id}': expected ${name} to be whole milliseconds, such as minutes(5) or { before: minutes(5) }`,
    id,
  )
}

function signed(ms: number): string {
  return `${ms < 0 ? '-' : ''}${formatDuration({ ms: Math.abs(ms) })}`
}
