import { describe, expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import { KeyedState } from '../../../core/state/keyed-state.js'

const TTL_MS = 10_000
const GROUPS = 8

function stateAt(time: number) {
  const clock = { time, now: () => clock.time }
  const state = new KeyedState({ operatorId: 'step', range: { first: 0, end: GROUPS }, clock })
  const ttl = { after: seconds(TTL_MS / 1000) }
  const value = state.value<number>({ kind: 'value', name: 'value', ttl })
  const list = state.list<number>({ kind: 'list', name: 'list', ttl })
  const at = (key: number) => state.setCurrentKey(key, key % GROUPS)
  const put = (from: number, count: number) => {
    for (let key = from; key < from + count; key++) {
      at(key)
      value.update(key)
    }
  }
  const size = () => [...state.sizes.values()].reduce((sum, each) => sum + each, 0)
  return { clock, state, value, list, at, put, size }
}

describe('state of keys that nobody asks for', () => {
  it('goes when it has expired, some of it between two batches', () => {
    const { clock, state, put, size } = stateAt(0)
    put(0, 1000)
    for (let batch = 0; batch < 100; batch++) state.trim()
    expect(size()).toBe(1000)
    clock.time = TTL_MS
    const before = size()
    state.trim()
    expect(before - size()).toBeGreaterThan(0)
    expect(before - size()).toBeLessThanOrEqual(64)
    for (let batch = 0; batch < 20; batch++) state.trim()
    expect(size()).toBe(0)
  })

  it('stays below about twice of what lives, however fast keys come', () => {
    for (const created of [10, 1000]) {
      const { clock, state, put, size } = stateAt(0)
      const batches = Math.floor(100_000 / created)
      const live = created * 20
      let most = 0
      for (let batch = 0; batch < batches; batch++) {
        put(batch * created, created)
        state.trim()
        most = Math.max(most, size())
        clock.time += TTL_MS / 20
      }
      expect(most).toBeGreaterThanOrEqual(live)
      expect(most).toBeLessThan(2.5 * live)
    }
  })

  it('is not looked at again and again while there is little of it', () => {
    const { clock, state, put } = stateAt(0)
    put(0, 100)
    let looks = 0
    const { now } = clock
    const table = [...state.declared][0] as unknown as { entriesOf(slot: number): Iterator<unknown> }
    const entriesOf = table.entriesOf.bind(table)
    table.entriesOf = (slot) => {
      looks++
      return entriesOf(slot)
    }
    for (let batch = 0; batch < 1600; batch++) {
      state.trim()
      clock.time += TTL_MS / 3200
    }
    expect(now()).toBe(TTL_MS / 2)
    expect(looks).toBeGreaterThanOrEqual(GROUPS * 7)
    expect(looks).toBeLessThanOrEqual(GROUPS * 9)
  })

  it('loses what has expired of a list, and keeps the rest', () => {
    const { clock, state, list, at } = stateAt(0)
    at(1)
    list.add(1)
    clock.time = 1
    list.add(2)
    const before = list.values()
    clock.time = TTL_MS
    state.trim()
    clock.time = 0
    expect(list.values()).toEqual([2])
    expect(before).toEqual([1, 2])
  })
})

describe('a map that is cleared', () => {
  function mapOf(entries: number) {
    const { clock, state, at, size } = stateAt(0)
    const ttl = { after: seconds(TTL_MS / 1000), update: 'onReadAndWrite' } as const
    const map = state.map<number, number>({ kind: 'map', name: 'map', ttl })
    at(1)
    for (let key = 0; key < entries; key++) map.put(key, key)
    return { clock, state, map, size }
  }

  it('while it is cleaned is not cleaned any more, and neither is the one that follows it', () => {
    // More than are looked at at once.
    const { clock, state, map, size } = mapOf(5000)
    state.trim()
    map.clear()
    clock.time = TTL_MS
    map.put(1, 1)
    for (let batch = 0; batch < 20; batch++) state.trim()
    expect(size()).toBe(1)
    expect(map.get(1)).toBe(1)
  })

  it('while it is read ends there, and the one that follows it is there', () => {
    const { clock, map, size } = mapOf(200)
    const seen: number[] = []
    for (const key of map.keys()) {
      seen.push(key)
      map.clear()
      clock.time = TTL_MS
      map.put(1, 2)
    }
    expect(seen).toEqual([0])
    expect(size()).toBe(1)
    expect([...map.entries()]).toEqual([[1, 2]])
  })
})

describe('a snapshot of state with a time to live', () => {
  const bytesOf = (state: KeyedState, options: { readonly checkpointId: number; readonly isSavepoint: boolean }) => {
    const snapshot = state.snapshot(options)
    snapshot.work(() => false)
    snapshot.end()
    return snapshot.takeObjects().reduce((sum, object) => sum + object.length, 0)
  }

  it('leaves out what has expired where it is whole', () => {
    const { clock, state, put } = stateAt(0)
    put(0, 1000)
    clock.time = TTL_MS
    put(1000, 10)
    const { state: little, put: putLittle } = stateAt(TTL_MS)
    putLittle(1000, 10)
    const savepoint = { checkpointId: 1, isSavepoint: true }
    // Groups say that they are empty.
    expect(bytesOf(state, savepoint) - bytesOf(little, savepoint)).toBeLessThan(GROUPS * 64)
    expect(bytesOf(state, { checkpointId: 2, isSavepoint: false })).toBeLessThan(2000)
  })

  it('and what comes back, or is read no more, is in the increments that follow', () => {
    const { clock, state, value, at, put, size } = stateAt(0)
    put(0, 200)
    clock.time = TTL_MS
    const objects: (readonly [number, Uint8Array])[] = []
    const take = (checkpointId: number) => {
      const snapshot = state.snapshot({ checkpointId, isSavepoint: false })
      snapshot.work(() => false)
      snapshot.end()
      for (const object of snapshot.takeObjects()) objects.push([checkpointId, object])
      state.checkpointCompleted(checkpointId)
    }
    put(0, 150)
    take(1)
    put(160, 2)
    take(2)
    for (let batch = 0; batch < 10; batch++) state.trim()
    expect(size()).toBe(152)
    at(3)
    value.clear()
    take(3)
    const restored = stateAt(clock.time)
    const restore = restored.state.restore()
    for (const [id, object] of objects) {
      restore.add(object, id)
      while (!restore.work(() => false));
    }
    restore.finish()
    expect(restored.size()).toBe(151)
    const found = Array.from({ length: 200 }, (_, key) => {
      restored.at(key)
      return restored.value.value()
    })
    expect(found).toEqual(
      Array.from({ length: 200 }, (_, key) =>
        (key < 150 && key !== 3) || key === 160 || key === 161 ? key : undefined,
      ),
    )
  })
})
