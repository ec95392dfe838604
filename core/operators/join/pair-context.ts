import type { InternalKey, Key } from '../../state/key.js'
import { fromInternalKey } from '../../state/key-codec.js'
import type { SideEmitters, SideOutputs } from '../side-output.js'
import type { IntervalJoinContext } from './join-function.js'

/** One object for all pairs of one subtask: nothing is allocated for a pair. */
export class PairContext<K extends Key, O extends SideOutputs> implements IntervalJoinContext<K, O> {
  readonly sideOutputs: SideEmitters<O>
  internalKey: InternalKey = 0
  watermark = Number.NEGATIVE_INFINITY
  leftTimestamp = 0
  rightTimestamp = 0

  constructor(sideOutputs: SideEmitters<O>) {
    this.sideOutputs = sideOutputs
  }

  get key(): K {
    // The key selectors of both streams give such keys.
    return fromInternalKey(this.internalKey) as K
  }

  get timestamp(): number {
    return Math.max(this.leftTimestamp, this.rightTimestamp)
  }
}
