import { decode } from '../codec/index.js'
import { TidemarkError } from '../errors.js'
import type { KeyGroupedComponent, KeyGroupRange } from './backend.js'
import { stateCorrupt } from './state-error.js'

/** A component's data of one key group, as stored. */
export interface StoredComponent {
  readonly layout: string
  readonly version: number
  readonly data: unknown
}

/** Restored state that no component has asked for yet, by group and component name. */
export class StoredGroups {
  private readonly operatorId: string
  private readonly groups = new Map<number, Map<string, StoredComponent>>()
  private readonly range: KeyGroupRange
  private readonly restored: (group: number) => Uint8Array | undefined
  private next: number

  /** Nothing is decoded yet: much state would hold the event loop, so `decodeNext` does it group by group. */
  constructor(operatorId: string, range: KeyGroupRange, restored: (group: number) => Uint8Array | undefined) {
    this.operatorId = operatorId
    this.range = range
    this.restored = restored
    this.next = range.first
  }

  /** Decodes one more group that has state; false when none was left. Everything else here waits for that. */
  decodeNext(): boolean {
    while (this.next < this.range.end) {
      const group = this.next++
      const bytes = this.restored(group)
      if (bytes === undefined) continue
      this.groups.set(group, this.read(group, bytes))
      return true
    }
    return false
  }

  /** Hands a component what was stored under its name, group by group. */
  restoreInto(component: KeyGroupedComponent): void {
    for (const [group, components] of this.groups) {
      const stored = components.get(component.name)
      if (stored === undefined) continue
      component.restoreGroup(group, stored.data, stored)
      components.delete(component.name)
      if (components.size === 0) this.groups.delete(group)
    }
  }

  of(group: number): ReadonlyMap<string, StoredComponent> | undefined {
    return this.groups.get(group)
  }

  get componentNames(): readonly string[] {
    const names = new Set<string>()
    for (const components of this.groups.values()) for (const name of components.keys()) names.add(name)
    return [...names].sort()
  }

  private read(group: number, bytes: Uint8Array): Map<string, StoredComponent> {
    const components = new Map<string, StoredComponent>()
    const decoded = this.decode(group, bytes)
    if (typeof decoded !== 'object' || decoded === null || Object.getPrototypeOf(decoded) !== Object.prototype) {
      throw stateCorrupt(this.operatorId, group, 'no components')
    }
    for (const [name, stored] of Object.entries(decoded)) {
      if (!isStoredComponent(stored)) throw stateCorrupt(this.operatorId, group, `no layout of '${name}'`)
      components.set(name, stored)
    }
    return components
  }

  private decode(group: number, bytes: Uint8Array): unknown {
    try {
      return decode(bytes)
    } catch (error) {
      throw error instanceof TidemarkError ? stateCorrupt(this.operatorId, group, error.message, error) : error
    }
  }
}

function isStoredComponent(value: unknown): value is StoredComponent {
  if (typeof value !== 'object' || value === null) return false
  const { layout, version } = value as Partial<StoredComponent>
  return typeof layout === 'string' && typeof version === 'number' && 'data' in value
}
