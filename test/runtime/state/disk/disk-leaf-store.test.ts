import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeyedState } from '../../../../core/state/keyed-state.js'
import type { Leaf, LeafSpace } from '../../../../core/state/leaf.js'
import type { LeafTable } from '../../../../core/state/leaf-table.js'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import type { DiskLeafMap } from '../../../../runtime/state/disk/disk-leaf-map.js'
import { type DiskLeaves, openDiskLeaves } from '../../../../runtime/state/disk/disk-leaves.js'

let disk: DiskLeaves
const open = async (cacheBytes: number): Promise<void> => {
  disk = await openDiskLeaves({ environment: systemEnvironment(), cacheBytes, changesInMemory: 0 })
}
beforeEach(() => open(0))
afterEach(() => disk.close())

interface Opened {
  readonly state: KeyedState
  readonly table: LeafTable
}

function opened(hasSpaces = false): Opened {
  const state = new KeyedState({ operatorId: 'totals', range: { first: 0, end: 1 }, leaves: disk.storeFor('totals') })
  const table = state.openTable({ name: 'table', layout: { layout: 'test', version: 1 }, accept: () => {}, hasSpaces })
  state.register(table)
  return { state, table }
}

const leafOf = (space: LeafSpace, key: string): Leaf => {
  const leaf = space.leaves.get(key)
  expect(leaf).toBeDefined()
  return leaf as Leaf
}

const keysOf = (space: LeafSpace): unknown[] => {
  const keys: unknown[] = []
  const leaves = space.leaves.values()
  for (let next = leaves.next(); next.done !== true; next = leaves.next()) keys.push(next.value.key)
  return keys.sort()
}

/** Everything that a whole snapshot holds. */
function snapshotOf({ state }: Opened, checkpointId: number, isSavepoint = false): readonly Uint8Array[] {
  const snapshot = state.snapshot({ checkpointId, isSavepoint })
  while (!snapshot.work(() => true)) state.trim()
  state.checkpointCompleted(checkpointId)
  return snapshot.takeObjects()
}

function restoredFrom(objects: readonly (readonly Uint8Array[])[]): Opened {
  const restored = opened()
  const restore = restored.state.restore()
  for (const [index, object] of objects.flatMap((all, checkpoint) =>
    all.map((one) => [checkpoint + 1, one] as const),
  )) {
    restore.add(object, index)
    while (!restore.work(() => true)) restored.state.trim()
  }
  restore.finish()
  return restored
}

describe('a leaf that was written to disk', () => {
  it('is another object with the same value when it is read again', () => {
    const { state, table } = opened()
    const space = table.openSpace(0)
    const before = table.insert(space, 'a', { n: 1, path: [1, 2] })
    state.trim()
    const after = leafOf(space, 'a')
    expect(after).not.toBe(before)
    expect(after.value).toEqual({ n: 1, path: [1, 2] })
    expect(space.leaves.size).toBe(1)
  })

  it('is written again when it is changed in place in the epoch in which it was written', () => {
    const { state, table } = opened()
    const space = table.openSpace(0)
    table.insert(space, 'a', { n: 1 })
    state.trim()
    const leaf = leafOf(space, 'a')
    table.touch(leaf)
    ;(leaf.value as { n: number }).n = 2
    state.trim()
    expect(leafOf(space, 'a').value).toEqual({ n: 2 })
  })

  it('counts as changed since the checkpoint though it was only read after it', () => {
    const { state, table } = opened()
    const space = table.openSpace(0)
    for (let key = 0; key < 200; key++) table.insert(space, `${key}`, key)
    const objects = [snapshotOf({ state, table }, 1)]
    const leaf = leafOf(space, '7')
    table.touch(leaf)
    leaf.value = 'changed'
    state.trim()
    expect(leafOf(space, '7').value).toBe('changed')
    state.trim()
    objects.push(snapshotOf({ state, table }, 2))
    const restored = restoredFrom(objects)
    expect(leafOf(restored.table.openSpace(0), '7').value).toBe('changed')
    expect(objects[1]?.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(100)
  })

  it('that is deleted is written down as deleted, though no list holds its value', () => {
    const { state, table } = opened()
    const space = table.openSpace(0)
    for (let key = 0; key < 200; key++) table.insert(space, `${key}`, key)
    const objects = [snapshotOf({ state, table }, 1)]
    table.remove(leafOf(space, '7'))
    state.trim()
    expect(space.leaves.get('7')).toBeUndefined()
    objects.push(snapshotOf({ state, table }, 2))
    expect(restoredFrom(objects).table.openSpace(0).leaves.get('7')).toBeUndefined()
    expect(restoredFrom(objects).table.openSpace(0).leaves.size).toBe(199)
  })

  it('comes back under its key after it was deleted', () => {
    const { state, table } = opened()
    const space = table.openSpace(0)
    table.insert(space, 'a', 1)
    state.trim()
    table.remove(leafOf(space, 'a'))
    table.insert(space, 'a', 2)
    state.trim()
    expect(leafOf(space, 'a').value).toBe(2)
    expect(keysOf(space)).toEqual(['a'])
  })

  it('is as of the barrier in a snapshot when it is changed or deleted before its turn', () => {
    const all = opened()
    const { state, table } = all
    const space = table.openSpace(0)
    for (let key = 0; key < 500; key++) table.insert(space, `${key}`, 'before')
    state.trim()
    const snapshot = state.snapshot({ checkpointId: 1, isSavepoint: false })
    for (let key = 0; key < 500; key += 2) {
      const leaf = leafOf(space, `${key}`)
      if (key % 4 === 0) table.remove(leaf)
      else {
        table.touch(leaf)
        leaf.value = 'after'
      }
      state.trim()
    }
    while (!snapshot.work(() => true)) state.trim()
    const restored = restoredFrom([snapshot.takeObjects()])
    const found = restored.table.openSpace(0)
    expect(found.leaves.size).toBe(500)
    for (let key = 0; key < 500; key++) expect(leafOf(found, `${key}`).value).toBe('before')
  })
})

describe('a whole snapshot', () => {
  it('hands on what is written before its turn: it does not wait in memory for the turn of its group', () => {
    const range = { first: 0, end: 4 }
    const state = new KeyedState({ operatorId: 'totals', range, leaves: disk.storeFor('totals') })
    const value = state.value<string>({ kind: 'value', name: 'value' })
    const update = (key: number, text: string): void => {
      state.setCurrentKey(key, key % 4)
      value.update(text.repeat(4000))
    }
    for (let key = 0; key < 8000; key++) {
      update(key, 'b')
      if (key % 100 === 0) state.trim()
    }
    const snapshot = state.snapshot({ checkpointId: 1, isSavepoint: false })
    // All of the last group, whose turn has not come.
    for (let key = 3; key < 8000; key += 4) update(key, 'a')
    const early = snapshot.takeObjects()
    expect(early.length).toBeGreaterThan(0)
    while (!snapshot.work(() => true)) state.trim()
    const restored = new KeyedState({ operatorId: 'totals', range, leaves: disk.storeFor('totals') })
    const found = restored.value<string>({ kind: 'value', name: 'value' })
    const restore = restored.restore()
    for (const object of [...early, ...snapshot.takeObjects()]) {
      restore.add(object, 1)
      while (!restore.work(() => true)) restored.trim()
    }
    restore.finish()
    for (let key = 0; key < 8000; key++) {
      restored.setCurrentKey(key, key % 4)
      if (found.value()?.[0] !== 'b') throw new Error(`key ${key}: expected what it was at the barrier`)
    }
    expect(restored.sizes.get('state:value')).toBe(8000)
  })
})

describe('an iteration over leaves', () => {
  it('gives each once while the cache is emptied and other leaves come and go', () => {
    const { state, table } = opened()
    const space = table.openSpace(0)
    for (let key = 0; key < 300; key++) table.insert(space, `old-${key}`, key)
    state.trim()
    for (let key = 0; key < 300; key++) table.insert(space, `new-${key}`, key)
    const seen: unknown[] = []
    const leaves = space.leaves.values()
    for (let next = leaves.next(); next.done !== true; next = leaves.next()) {
      seen.push(next.value.key)
      if (seen.length % 50 === 0) state.trim()
      if (seen.length % 70 === 0) space.leaves.get(`old-${seen.length % 300}`)
      if (seen.length % 90 === 0) table.insert(space, `late-${seen.length}`, 0)
    }
    const present = seen.filter((key) => !String(key).startsWith('late'))
    expect(present).toHaveLength(600)
    expect(new Set(seen).size).toBe(seen.length)
  })

  it('does not give what was deleted on the page that it had read', () => {
    const { state, table } = opened()
    const space = table.openSpace(0)
    for (let key = 100; key < 200; key++) table.insert(space, `${key}`, key)
    state.trim()
    const leaves = space.leaves.values()
    expect(leaves.next().value?.key).toBe('100')
    table.remove(leafOf(space, '150'))
    state.trim()
    const rest: unknown[] = []
    for (let next = leaves.next(); next.done !== true; next = leaves.next()) rest.push(next.value.key)
    expect(rest).toHaveLength(98)
    expect(rest).not.toContain('150')
  })
})

describe('a leaf that an iteration gives', () => {
  it('can be changed and removed though it was not in memory', () => {
    const all = opened()
    const { state, table } = all
    const space = table.openSpace(0)
    for (let key = 0; key < 300; key++) table.insert(space, `${key}`, key)
    const objects = [snapshotOf(all, 1)]
    state.trim()
    const leaves = space.leaves.values()
    for (let next = leaves.next(); next.done !== true; next = leaves.next()) {
      const leaf = next.value
      if (Number(leaf.key) % 3 === 0) table.remove(leaf)
      if (Number(leaf.key) % 3 === 1) {
        table.touch(leaf)
        leaf.value = 'changed'
      }
      if (Number(leaf.key) % 10 === 0) state.trim()
    }
    objects.push(snapshotOf(all, 2))
    for (const found of [space, restoredFrom(objects).table.openSpace(0)]) {
      expect(found.leaves.size).toBe(200)
      expect(found.leaves.get('3')).toBeUndefined()
      expect(leafOf(found, '4').value).toBe('changed')
      expect(leafOf(found, '5').value).toBe(5)
    }
  })
})

describe('a space that is dropped', () => {
  it('is gone at once, and from disk some records at a time', () => {
    const { state, table } = opened(true)
    const space = table.openSpace(0, 'window')
    for (let key = 0; key < 1000; key++) table.insert(space, `${key}`, key)
    state.trim()
    table.drop(space)
    const next = table.openSpace(0, 'window')
    table.insert(next, 'only', 1)
    expect(keysOf(next)).toEqual(['only'])
    for (let trims = 0; trims < 6; trims++) state.trim()
    expect(keysOf(next)).toEqual(['only'])
    expect(state.sizes.get('table')).toBe(1)
  })

  it('is in a snapshot that was begun before', () => {
    const { state, table } = opened(true)
    const space = table.openSpace(0, 'window')
    for (let key = 0; key < 1000; key++) table.insert(space, `${key}`, key)
    state.trim()
    const snapshot = state.snapshot({ checkpointId: 1, isSavepoint: false })
    table.drop(space)
    for (let trims = 0; trims < 6; trims++) state.trim()
    while (!snapshot.work(() => true)) state.trim()
    const restored = opened(true)
    const restore = restored.state.restore()
    for (const object of snapshot.takeObjects()) {
      restore.add(object, 1)
      while (!restore.work(() => false));
    }
    restore.finish()
    expect(restored.table.space(0, 'window')?.leaves.size).toBe(1000)
  })
})

describe('the cache', () => {
  it('keeps what is used, within its bytes', async () => {
    await disk.close()
    await open(200_000)
    const { state, table } = opened()
    const space = table.openSpace(0)
    const hot = table.insert(space, 'hot', 0)
    for (let key = 0; key < 20_000; key++) {
      table.insert(space, `${key}`, { key })
      if (key % 100 === 0) {
        expect(space.leaves.get('hot')).toBe(hot)
        state.trim()
      }
    }
    expect(space.leaves.size).toBe(20_001)
    // The space is of the store under test.
    expect((space.leaves as DiskLeafMap).cached?.size).toBeLessThan(800)
    expect(keysOf(space)).toHaveLength(20_001)
  })

  it('keeps a key that is too long for the disk', () => {
    const { state, table } = opened()
    const space = table.openSpace(0)
    const long = 'x'.repeat(5000)
    const leaf = table.insert(space, long, 1)
    state.trim()
    expect(space.leaves.get(long)).toBe(leaf)
    expect(keysOf(space)).toEqual([long])
    table.remove(leaf)
    expect(space.leaves.get(long)).toBeUndefined()
  })
})

describe('a value that cannot be stored', () => {
  it('is refused when it has to be written, with operator and state', () => {
    const { state, table } = opened()
    table.insert(table.openSpace(0), 'a', () => 1)
    expect(() => state.trim()).toThrow(
      expect.objectContaining({
        code: 'STATE_NOT_SERIALIZABLE',
        operatorId: 'totals',
        message: expect.stringContaining("operator 'totals', 'table'"),
      }),
    )
  })
})
