import type { TemporalJoinFunction } from '../operators/join/join-function.js'
import { LATE_SIDES } from '../operators/join/late-sides.js'
import { temporalJoinOperator } from '../operators/join/temporal-join.js'
import type { SideOutputs } from '../operators/side-output.js'
import type { Key } from '../state/key.js'
import { inputsOf, type TwoInputs } from './connected-steps.js'
import type { JoinResults, TemporalJoinedStreams } from './join-streams.js'
import { operatorOf } from './operator-of.js'
import { placementOf } from './placement.js'
import { requireFunction } from './require-function.js'
import { withSideStreams } from './scope.js'
import { sideOutputNames } from './side-output-names.js'
import type { ProcessOptions, SideStreams } from './stream.js'

export class TemporalJoinSteps<out K extends Key, out T, out V> implements TemporalJoinedStreams<K, T, V> {
  readonly #both: TwoInputs

  constructor(both: TwoInputs) {
    this.#both = both
  }

  process<R, O extends SideOutputs, C>(
    id: string,
    fn: TemporalJoinFunction<K, T, V, O, R, C>,
    options?: ProcessOptions,
  ): JoinResults<R, T, V> & SideStreams<O> {
    requireFunction(fn, 'process', `process '${id}' of a temporal join`)
    const declared = sideOutputNames(id, typeof fn === 'function' ? undefined : fn.sideOutputs)
    const { scope } = this.#both
    const node = scope.graph.addOperator({
      id: id ?? '',
      step: 'temporalJoin',
      label: 'temporalJoin.process',
      inputs: inputsOf(this.#both),
      sideOutputs: [...LATE_SIDES, ...declared],
      ...placementOf(`temporalJoin '${id}'`, options),
      create: operatorOf(() => temporalJoinOperator(id, fn)),
    })
    // The first two side outputs are those of late records.
    return withSideStreams<R, Pick<JoinResults<R, T, V>, 'lateLeft' | 'lateRight'> & SideStreams<O>>(scope, node)
  }
}
