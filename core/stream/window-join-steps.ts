import { type Duration, formatDuration } from '../duration.js'
import { graphError } from '../graph/graph-error.js'
import { errorPolicyOf } from '../operators/guard/error-policy.js'
import type { WindowJoinFunction } from '../operators/join/join-function.js'
import { LATE_SIDES } from '../operators/join/late-sides.js'
import { windowJoinOperator } from '../operators/join/window-join.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { Key } from '../state/key.js'
import type { Trigger, Window, WindowAssigner } from '../window/index.js'
import { inputsOf, type TwoInputs } from './connected-steps.js'
import type { JoinedStreams, JoinResults, WindowedJoin } from './join-streams.js'
import { operatorOf } from './operator-of.js'
import { placementOf } from './placement.js'
import { requireFunction } from './require-function.js'
import { withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import type { ProcessOptions, SideStreams } from './stream.js'

interface Settings<T, W extends Window> {
  readonly kind: 'join' | 'coGroup'
  readonly assigner: WindowAssigner<T, W>
  readonly trigger: Trigger<T, W> | undefined
  readonly allowedLatenessMs: number
}

export class JoinedSteps<out K extends Key, A, B, T, U> implements JoinedStreams<K, A, B, T, U> {
  readonly #both: TwoInputs
  readonly #kind: 'join' | 'coGroup'

  constructor(both: TwoInputs, kind: 'join' | 'coGroup') {
    this.#both = both
    this.#kind = kind
  }

  window<W extends Window>(assigner: WindowAssigner<T | U, W>): WindowedJoin<K, A, B, T, U, W> {
    const kind = this.#kind
    if (typeof (assigner as Partial<WindowAssigner<T | U, W>> | undefined)?.spec !== 'object') {
      throw graphError('GRAPH_STEP_INVALID', `${kind}: expected windows, such as window(tumbling(hours(1)))`)
    }
    return new WindowedJoinSteps<K, A, B, T, U, W>(this.#both, {
      kind,
      assigner,
      trigger: undefined,
      allowedLatenessMs: 0,
    })
  }
}

class WindowedJoinSteps<K extends Key, A, B, T, U, W extends Window> implements WindowedJoin<K, A, B, T, U, W> {
  readonly #both: TwoInputs
  readonly #settings: Settings<T | U, W>

  constructor(both: TwoInputs, settings: Settings<T | U, W>) {
    this.#both = both
    this.#settings = settings
  }

  trigger(trigger: Trigger<T | U, W>): WindowedJoin<K, A, B, T, U, W> {
    if (typeof (trigger as Partial<Trigger> | undefined)?.onRecord !== 'function') {
      throw graphError('GRAPH_STEP_INVALID', 'trigger: expected a trigger, such as trigger(afterCount(100))')
    }
    return new WindowedJoinSteps<K, A, B, T, U, W>(this.#both, { ...this.#settings, trigger })
  }

  allowedLateness(lateness: Duration): WindowedJoin<K, A, B, T, U, W> {
    if (typeof (lateness as Partial<Duration> | undefined)?.ms !== 'number') {
      throw graphError('GRAPH_STEP_INVALID', 'allowedLateness: expected a duration, such as minutes(5)')
    }
    return new WindowedJoinSteps<K, A, B, T, U, W>(this.#both, { ...this.#settings, allowedLatenessMs: lateness.ms })
  }

  process<R, O extends SideOutputs, C>(
    id: string,
    fn: WindowJoinFunction<K, A, B, W, O, R, C>,
    options?: ProcessOptions,
  ): JoinResults<R, T, U> & SideStreams<O> {
    const { kind, assigner, trigger, allowedLatenessMs } = this.#settings
    requireFunction(fn, 'process', `process '${id}' of a ${kind}`)
    const declared = sideOutputNames(id, typeof fn === 'function' ? undefined : fn.sideOutputs)
    const isGuarded = errorPolicyOf(`${kind} '${id}'`, options?.onError) !== undefined
    const create = () =>
      windowJoinOperator<K, A, B, T, U, W, O, R, C>({
        kind,
        assigner,
        ...(trigger && { trigger }),
        allowedLatenessMs,
        fn,
        isGuarded,
      })
    // What does not fit together is said here, where the user's stack trace helps, and not when the job starts.
    create()
    const { scope } = this.#both
    const node = scope.graph.addOperator({
      id: id ?? '',
      step: kind,
      label: [kind, assigner.kind, ...(trigger ? [trigger.kind] : []), 'process'].join('.'),
      details: allowedLatenessMs === 0 ? undefined : `allowed lateness ${formatDuration({ ms: allowedLatenessMs })}`,
      inputs: inputsOf(this.#both),
      sideOutputs: [...LATE_SIDES, ...declared],
      ...placementOf(`${kind} '${id}'`, options),
      create: operatorOf(create),
    })
    // The first two side outputs are those of late records.
    return withSideStreams<R, Pick<JoinResults<R, T, U>, 'lateLeft' | 'lateRight'> & SideStreams<O>>(scope, node)
  }
}
