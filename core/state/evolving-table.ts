import type { StoredLayout } from './component.js'
import { type EvolutionOptions, migrated } from './evolution.js'
import { migratedKeysCollide, migrationFailed } from './evolution-error.js'
import type { InternalKey } from './key.js'
import { isKeyScalar } from './key-check.js'
import type { KeyGuard } from './key-guard.js'
import type { Leaf, LeafSpace } from './leaf.js'
import { LeafTable, type LeafTableOptions } from './leaf-table.js'
import { TIMED_LAYOUT, timeAndValue } from './timed.js'

export interface EvolvingTableOptions extends LeafTableOptions {
  readonly guard: KeyGuard
  /** Where the stream's key is: a map has a space for each, all else an entry. */
  readonly keysAre: 'spaces' | 'entries'
  /** Undefined: what was stored is never changed. */
  readonly evolution: StateEvolution | undefined
  readonly times?: StoredTimes | undefined
  readonly isLeftOut?: LeftOut | undefined
}

/** Of a user's state, which may get a time to live, or lose it, between two releases of a job. */
export interface StoredTimes {
  /** What has a time each, where there are times. */
  readonly of: 'values' | 'elements'
  /** Of what was stored without times; undefined: there are none, and those that were stored are dropped. */
  readonly now: (() => number) | undefined
}

/** What a whole snapshot need not hold: nobody will see it any more. */
export type LeftOut = (entry: Leaf | LeafSpace) => boolean

export interface StateEvolution extends EvolutionOptions {
  /** As the user calls it. */
  readonly state: string
  /** What the steps are for: the values as they are stored, or each element of them. */
  readonly of: 'values' | 'elements'
}

/** A table that makes older versions of its values current while it restores them, and knows when its keys are others. */
export class EvolvingTable extends LeafTable {
  readonly isLeftOut: LeftOut | undefined
  private readonly guard: KeyGuard
  private readonly keysAreSpaces: boolean
  private readonly evolution: StateEvolution | undefined
  private readonly times: StoredTimes | undefined
  /** What the entries that are being restored were stored in. */
  private from = 0
  private hasTimes = false
  private isRestoring = false
  /** Keys that were migrated: what they were, by what they are, by slot and space. */
  private readonly oldKeys = new Map<string, Map<unknown, unknown>>()

  constructor(options: EvolvingTableOptions) {
    super(options)
    this.guard = options.guard
    this.keysAreSpaces = options.keysAre === 'spaces'
    this.evolution = options.evolution
    this.times = options.times
    this.isLeftOut = options.isLeftOut
  }

  override openSpace(slot: number, id?: InternalKey): LeafSpace {
    if (!this.guard.isSettled && this.keysAreSpaces && !this.isRestoring && id !== undefined) this.guard.check(id)
    return super.openSpace(slot, id)
  }

  override insert(space: LeafSpace, key: InternalKey, value: unknown): Leaf {
    if (!this.guard.isSettled && !this.keysAreSpaces) this.guard.check(key)
    return super.insert(space, key, value)
  }

  override accept(stored: StoredLayout): void {
    super.accept(stored)
    this.from = stored.version
    this.hasTimes = this.times !== undefined && stored.layout.startsWith(TIMED_LAYOUT)
  }

  override restore(slot: number, key: unknown, value: unknown): void {
    const current = this.currentKey(slot, key)
    this.isRestoring = true
    super.restore(slot, current, this.currentValue(value))
    this.isRestoring = false
    // Whatever is no key has been refused.
    const streamKey = this.keysAreSpaces ? (current as readonly InternalKey[])[0] : lastOf(current)
    this.guard.restored(streamKey as InternalKey)
  }

  override restoreDeletion(slot: number, key: unknown): void {
    super.restoreDeletion(slot, this.currentKey(slot, key, 'deleted'))
    if (Array.isArray(key) && key.length === 1) this.oldKeys.delete(placeOf(slot, key[0]))
  }

  override restoreEmpty(slot: number): void {
    super.restoreEmpty(slot)
    for (const place of [...this.oldKeys.keys()]) if (place.startsWith(`${slot} `)) this.oldKeys.delete(place)
  }

  /** Everything is restored: what keys were is of no interest any more. */
  forgetOldKeys(): void {
    this.oldKeys.clear()
  }

  private currentValue(stored: unknown): unknown {
    const { evolution, times, from, version } = this
    const isMigrated = evolution?.migrate !== undefined && from < version
    if (!isMigrated && !this.hasTimes && times?.now === undefined) return stored
    const of = evolution?.of ?? times?.of
    if (of !== 'elements') return this.currentItem(stored)
    return Array.isArray(stored) ? stored.map((element) => this.currentItem(element)) : stored
  }

  private currentItem(stored: unknown): unknown {
    const { evolution, times, from, version } = this
    const [lastAccess, old] = this.hasTimes ? timeAndValue(stored) : [times?.now?.(), stored]
    const value =
      evolution === undefined ? old : migrated(old, evolution.migrate, { state: evolution.state, from, to: version })
    return times?.now === undefined ? value : [lastAccess, value]
  }

  /** Only the keys of a map have versions. */
  private currentKey(slot: number, stored: unknown, is?: 'deleted'): unknown {
    const { evolution, from, version } = this
    if (evolution?.migrateKeys === undefined || from >= version) return stored
    // A space as a whole, or no key at all: the table says so.
    if (!Array.isArray(stored) || stored.length !== 2) return stored
    const [space, old] = stored
    const { state, migrateKeys } = evolution
    const key = migrated(old, migrateKeys, { state, from, to: version })
    if (!isKeyScalar(key)) throw migrationFailed(state, from, 'a key of a map is a scalar, and this one is none')
    this.noteKey(placeOf(slot, space), { old, key, isDeleted: is === 'deleted' })
    return [space, key]
  }

  private noteKey(place: string, { old, key, isDeleted }: { old: unknown; key: unknown; isDeleted: boolean }): void {
    const known = this.oldKeys.get(place) ?? new Map<unknown, unknown>()
    this.oldKeys.set(place, known)
    if (known.has(key) && known.get(key) !== old) throw migratedKeysCollide((this.evolution as StateEvolution).state)
    if (isDeleted) known.delete(key)
    else known.set(key, old)
  }
}

function placeOf(slot: number, space: unknown): string {
  return `${slot} ${typeof space} ${String(space)}`
}

function lastOf(key: unknown): unknown {
  return Array.isArray(key) ? key.at(-1) : key
}
