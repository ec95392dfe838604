import { NO_TIMESTAMP } from '../element.js'
import type { KeyGroupRange } from './backend.js'
import type { InternalKey } from './key.js'
import { foreignKeyGroup, noCurrentKey } from './state-error.js'

/** The key that state access is about, shared by all states of an operator. */
export class CurrentKey {
  readonly operatorId: string
  readonly range: KeyGroupRange
  timestamp = NO_TIMESTAMP
  private key: InternalKey = ''
  /** Of the group, in the operator's range; -1 while there is no key. */
  private slot = -1

  constructor(operatorId: string, range: KeyGroupRange) {
    this.operatorId = operatorId
    this.range = range
  }

  set(key: InternalKey, group: number, timestamp: number): void {
    const { first, end } = this.range
    if (!(group >= first && group < end)) throw foreignKeyGroup(this.operatorId, group, first, end)
    this.key = key
    this.slot = group - first
    this.timestamp = timestamp
  }

  clear(): void {
    this.slot = -1
  }

  get internal(): InternalKey {
    if (this.slot < 0) throw noCurrentKey(this.operatorId)
    return this.key
  }

  get group(): number {
    return this.range.first + this.groupSlot
  }

  get groupSlot(): number {
    if (this.slot < 0) throw noCurrentKey(this.operatorId)
    return this.slot
  }
}
