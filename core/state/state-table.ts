import type { KeyGroupedComponent } from './backend.js'
import type { CurrentKey } from './current-key.js'
import type { InternalKey } from './key.js'
import { stateCorrupt, stateLayoutUnknown } from './state-error.js'

export type StateKind = 'value' | 'list' | 'map' | 'reducing' | 'aggregating'

const VERSION = 1

/**
 * What one state holds: a `Map` from key to whatever the kind stores, for each key group. By group not only because
 * that is how state moves, but because a `Map` that grows is rehashed in one go, and small ones hold the loop shortly.
 */
export class StateTable<Stored> implements KeyGroupedComponent {
  readonly name: string
  readonly layout: string
  readonly version = VERSION
  private readonly current: CurrentKey
  private readonly groups: (Map<InternalKey, Stored> | undefined)[]

  constructor(current: CurrentKey, name: string, kind: StateKind) {
    this.current = current
    this.name = name
    this.layout = `${kind}-by-key`
    this.groups = new Array(current.range.end - current.range.first).fill(undefined)
  }

  get(): Stored | undefined {
    const { current } = this
    return this.groups[current.groupSlot]?.get(current.internal)
  }

  set(stored: Stored): void {
    const { current } = this
    const slot = current.groupSlot
    const group = this.groups[slot]
    if (group === undefined) this.groups[slot] = new Map([[current.internal, stored]])
    else group.set(current.internal, stored)
  }

  delete(): void {
    const { current } = this
    const group = this.groups[current.groupSlot]
    if (group?.delete(current.internal) && group.size === 0) this.groups[current.groupSlot] = undefined
  }

  snapshotGroup(group: number): unknown {
    return this.groups[group - this.current.range.first]
  }

  restoreGroup(group: number, data: unknown, stored: { readonly layout: string; readonly version: number }): void {
    const { operatorId, range } = this.current
    if (stored.layout !== this.layout || stored.version !== VERSION) {
      const expected = `${this.layout}, version ${VERSION}`
      throw stateLayoutUnknown(operatorId, this.name, expected, `${stored.layout}, version ${stored.version}`)
    }
    if (!(data instanceof Map)) throw stateCorrupt(operatorId, group, `no entries for '${this.name}'`)
    // What the kind stores is what this kind has written: the layout names it.
    this.groups[group - range.first] = data as Map<InternalKey, Stored>
  }
}
