import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyedState } from '../../../../core/state/keyed-state.js'
import type { Leaf, LeafSpace } from '../../../../core/state/leaf.js'
import type { LeafTable } from '../../../../core/state/leaf-table.js'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import type { DiskChangeList } from '../../../../runtime/state/disk/disk-change-lists.js'
import { type DiskLeaves, openDiskLeaves } from '../../../../runtime/state/disk/disk-leaves.js'

let disk: DiskLeaves
beforeAll(async () => {
  disk = await openDiskLeaves({ environment: systemEnvironment(), cacheBytes: 0, changesInMemory: 0 })
})
afterAll(() => disk.close())

function opened(): { readonly state: KeyedState; readonly table: LeafTable; readonly space: LeafSpace } {
  const state = new KeyedState({ operatorId: 'a', range: { first: 0, end: 1 }, leaves: disk.storeFor('a') })
  const layout = { layout: 'test', version: 1 }
  const table = state.openTable({ name: 'table', layout, accept: () => {}, hasSpaces: false })
  state.register(table)
  return { state, table, space: table.openSpace(0) }
}

// Lists of such a table are of the store under test.
const listOf = (table: LeafTable): DiskChangeList => table.changes.listOf(0) as DiskChangeList

const keysOf = (found: Iterator<unknown>): unknown[] => {
  const keys: unknown[] = []
  for (let next = found.next(); next.done !== true; next = found.next()) keys.push((next.value as Leaf).key)
  return keys.sort()
}

const remove = (table: LeafTable, space: LeafSpace, key: string): void => {
  table.remove(space.leaves.get(key) as Leaf)
}

describe('a list of changes on disk', () => {
  it('has what is there by key, and what was deleted apart', () => {
    const { state, table, space } = opened()
    for (const key of ['a', 'b', 'c']) table.insert(space, key, key).isStored = true
    state.trim()
    remove(table, space, 'b')
    for (let trims = 0; trims < 2; trims++) {
      expect(keysOf(listOf(table).values())).toEqual(['a', 'c'])
      expect(keysOf(listOf(table).deleted())).toEqual(['b'])
      state.trim()
    }
    expect(listOf(table).waiting).toBe(0)
  })

  it('goes on with what came after an aborted checkpoint, deletions too', () => {
    const { state, table, space } = opened()
    for (const key of ['a', 'b', 'c', 'd']) table.insert(space, key, key)
    state.trim()
    state.snapshot({ checkpointId: 1, isSavepoint: false }).end()
    table.insert(space, 'e', 'e')
    remove(table, space, 'c')
    state.trim()
    remove(table, space, 'd')
    state.checkpointAborted(1)
    expect(keysOf(listOf(table).values())).toEqual(['a', 'b', 'e'])
    expect(keysOf(listOf(table).deleted())).toEqual(['c', 'd'])
    state.trim()
    // All of it is on disk: nothing was forgotten in memory.
    expect(listOf(table).waiting).toBe(0)
    expect(keysOf(listOf(table).deleted())).toEqual(['c', 'd'])
  })
})
