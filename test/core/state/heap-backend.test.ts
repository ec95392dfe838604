import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encode } from '../../../core/codec/index.js'
import type { KeyGroupedComponent, KeyGroupRange } from '../../../core/state/backend.js'
import { HeapKeyedStateBackend } from '../../../core/state/heap-backend.js'
import type { Key } from '../../../core/state/key.js'
import { toInternalKey } from '../../../core/state/key-codec.js'
import { keyGroupOf, keyGroupRange, subtaskOfGroup } from '../../../core/state/key-groups.js'
import { KeyedTimers } from '../../../core/time/timers.js'
import type { Aggregate } from '../../../core/window/aggregate.js'
import { anyKey } from './key-arbitraries.js'

const MAX_PARALLELISM = 128
const ALL: KeyGroupRange = { first: 0, end: MAX_PARALLELISM }

function backendOf(stored?: ReadonlyMap<number, Uint8Array>, range = ALL): HeapKeyedStateBackend {
  const restored = (group: number) => stored?.get(group)
  return new HeapKeyedStateBackend({ operatorId: 'step', range, restored })
}

function select(backend: HeapKeyedStateBackend, key: Key, timestamp?: number): void {
  backend.setCurrentKey(toInternalKey(key), keyGroupOf(key, MAX_PARALLELISM), timestamp)
}

function snapshot(backend: HeapKeyedStateBackend): Map<number, Uint8Array> {
  const stored = new Map<number, Uint8Array>()
  for (const group of backend.groupsWithState()) stored.set(group, backend.encodeGroup(group) as Uint8Array)
  return stored
}

/** The timestamp of the latest value: looks at the row's time. */
const latest: Aggregate<string, { at: number; value: string }, string> = {
  kind: 'latest',
  create: () => ({ at: Number.NEGATIVE_INFINITY, value: '' }),
  add: (accumulator, value, timestamp) => (timestamp >= accumulator.at ? { at: timestamp, value } : accumulator),
  merge: (left, right) => (right.at >= left.at ? right : left),
  result: ({ value }) => value,
}

describe('value state', () => {
  it('belongs to the current key', () => {
    const backend = backendOf()
    const seen = backend.value<number>({ kind: 'value', name: 'seen' })
    for (const [index, key] of ['a', 1, 1n, true, ['a'], '1'].entries()) {
      select(backend, key)
      expect(seen.value()).toBeUndefined()
      seen.update(index)
    }
    select(backend, 1n)
    expect(seen.value()).toBe(2)
    seen.clear()
    expect(seen.value()).toBeUndefined()
    select(backend, 1)
    expect(seen.value()).toBe(1)
  })

  it('gives its initial value before the first update and after a clear, a fresh one each time', () => {
    const backend = backendOf()
    const cells = backend.value({ kind: 'value', name: 'cells', initial: () => ({ count: 0 }) })
    select(backend, 'a')
    expect(cells.value()).toEqual({ count: 0 })
    expect(cells.value()).not.toBe(cells.value())
    expect([...backend.groupsWithState()]).toEqual([])
    cells.mutate((cell) => ({ count: (cell?.count ?? 100) + 1 }))
    expect(cells.value()).toEqual({ count: 1 })
    cells.clear()
    expect(cells.value()).toEqual({ count: 0 })
  })

  it('keeps what a change in place leaves', () => {
    const backend = backendOf()
    const list = backend.value<number[]>({ kind: 'value', name: 'list' })
    select(backend, 'a')
    list.update([1])
    list.mutate((values = []) => {
      values.push(2)
      return values
    })
    expect(list.value()).toEqual([1, 2])
  })

  it('keeps null, false, 0 and "" as values, and is empty after an update to undefined', () => {
    const backend = backendOf()
    const any = backend.value<unknown>({ kind: 'value', name: 'any', initial: () => 'initial' })
    select(backend, 'a')
    for (const value of [null, false, 0, '']) {
      any.update(value)
      expect(any.value()).toBe(value)
    }
    any.update(undefined)
    expect(any.value()).toBe('initial')
  })
})

describe('list state', () => {
  it('keeps the order of add, and is empty at first and after a clear', () => {
    const backend = backendOf()
    const list = backend.list<string>({ kind: 'list', name: 'list' })
    select(backend, 'k')
    expect(list.values()).toEqual([])
    list.add('a')
    list.addAll(['b', 'c'])
    list.addAll(list.values())
    expect(list.values()).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
    list.clear()
    expect(list.values()).toEqual([])
  })

  it('is replaced by update, by a copy', () => {
    const backend = backendOf()
    const list = backend.list<number>({ kind: 'list', name: 'list' })
    select(backend, 'k')
    const values = [1, 2]
    list.update(values)
    values.push(3)
    expect(list.values()).toEqual([1, 2])
    list.update([])
    expect(list.values()).toEqual([])
    expect([...backend.groupsWithState()]).toEqual([])
  })
})

describe('map state', () => {
  it('holds entries by key, in the order of the first put', () => {
    const backend = backendOf()
    const map = backend.map<string | number, number>({ kind: 'map', name: 'map' })
    select(backend, 'k')
    expect(map.isEmpty()).toBe(true)
    expect([...map.entries()]).toEqual([])
    map.put('x', 1)
    map.put(1, 2)
    map.put('x', 3)
    expect([...map.entries()]).toEqual([
      ['x', 3],
      [1, 2],
    ])
    expect([...map.keys()]).toEqual(['x', 1])
    expect([...map.values()]).toEqual([3, 2])
    expect([map.get('x'), map.get('1'), map.has(1), map.has('1')]).toEqual([3, undefined, true, false])
    select(backend, 'other')
    expect(map.isEmpty()).toBe(true)
  })

  it('is empty, and takes no room, when its last entry is removed', () => {
    const backend = backendOf()
    const map = backend.map<string, number>({ kind: 'map', name: 'map' })
    select(backend, 'k')
    map.put('x', 1)
    map.remove('y')
    expect(map.isEmpty()).toBe(false)
    map.remove('x')
    expect(map.isEmpty()).toBe(true)
    expect([...backend.groupsWithState()]).toEqual([])
  })
})

describe('reducing and aggregating state', () => {
  it('reduce from left to right, beginning with the first value as it is', () => {
    const backend = backendOf()
    const path = backend.reducing<string>({
      kind: 'reducing',
      name: 'path',
      reduce: (left, right) => `(${left}${right})`,
    })
    select(backend, 'k')
    expect(path.value()).toBeUndefined()
    for (const step of ['a', 'b', 'c']) path.add(step)
    expect(path.value()).toBe('((ab)c)')
    path.clear()
    expect(path.value()).toBeUndefined()
  })

  it('aggregate with the timestamp of the row, and give the result', () => {
    const backend = backendOf()
    const state = backend.aggregating({ kind: 'aggregating', name: 'latest', aggregate: latest })
    select(backend, 'k', 20)
    expect(state.value()).toBeUndefined()
    state.add('late')
    select(backend, 'k', 10)
    state.add('early')
    expect(state.value()).toBe('late')
    state.clear()
    expect(state.value()).toBeUndefined()
  })
})

describe('access to keyed state', () => {
  it('without a current key is an error that names the operator', () => {
    const backend = backendOf()
    const value = backend.value<number>({ kind: 'value', name: 'v' })
    const refused = expect.objectContaining({ code: 'STATE_WITHOUT_KEY', operatorId: 'step' })
    expect(() => value.value()).toThrow(refused)
    expect(() => value.update(1)).toThrow(refused)
    expect(() => backend.currentKey).toThrow(refused)
    expect(() => backend.currentGroup).toThrow(refused)
    select(backend, 'a')
    value.update(1)
    backend.clearCurrentKey()
    expect(() => value.value()).toThrow(refused)
  })

  it('of a key group that is not the subtask’s is an error', () => {
    const backend = backendOf(undefined, { first: 10, end: 20 })
    for (const group of [9, 20, -1, Number.NaN]) {
      expect(() => backend.setCurrentKey('a', group)).toThrow(expect.objectContaining({ code: 'KEY_GROUP_FOREIGN' }))
    }
    backend.setCurrentKey('a', 19)
    expect(backend.currentGroup).toBe(19)
  })

  it('tells the key as the user gave it', () => {
    const backend = backendOf()
    select(backend, ['a', 1n])
    expect(backend.currentKey).toEqual(['a', 1n])
    expect(backend.currentInternalKey).toBe(toInternalKey(['a', 1n]))
    expect(backend.currentGroup).toBe(keyGroupOf(['a', 1n], MAX_PARALLELISM))
  })
})

describe('names of state', () => {
  it('are used once: the same kind, another kind and a component alike', () => {
    const backend = backendOf()
    backend.value({ kind: 'value', name: 'x' })
    const taken = expect.objectContaining({ code: 'STATE_NAME_DUPLICATE', operatorId: 'step' })
    expect(() => backend.value({ kind: 'value', name: 'x' })).toThrow(taken)
    expect(() => backend.list({ kind: 'list', name: 'x' })).toThrow(/value state, not as list/)
    backend.register(new KeyedTimers())
    expect(() => backend.register(new KeyedTimers())).toThrow(taken)
  })

  it('of the user do not meet those of the engine', () => {
    const backend = backendOf()
    backend.register(new KeyedTimers('timers'))
    const timers = backend.value<number>({ kind: 'value', name: 'timers' })
    select(backend, 'a')
    timers.update(5)
    const restored = backendOf(snapshot(backend))
    restored.register(new KeyedTimers('timers'))
    const after = restored.value<number>({ kind: 'value', name: 'timers' })
    select(restored, 'a')
    expect(after.value()).toBe(5)
  })
})

function openAll(backend: HeapKeyedStateBackend) {
  const timers = new KeyedTimers()
  backend.register(timers)
  return {
    timers,
    value: backend.value<number>({ kind: 'value', name: 'value' }),
    list: backend.list<number>({ kind: 'list', name: 'list' }),
    map: backend.map<number, string>({ kind: 'map', name: 'map' }),
    sum: backend.reducing<bigint>({ kind: 'reducing', name: 'sum', reduce: (left, right) => left + right }),
    latest: backend.aggregating({ kind: 'aggregating', name: 'latest', aggregate: latest }),
  }
}

describe('a snapshot', () => {
  it('restores every kind of state at any other parallelism, by key group', () => {
    const layout = fc.record({ from: fc.integer({ min: 1, max: 5 }), to: fc.integer({ min: 1, max: 5 }) })
    fc.assert(
      fc.property(fc.uniqueArray(anyKey, { selector: toInternalKey, maxLength: 30 }), layout, (keys, { from, to }) => {
        const stored = new Map<number, Uint8Array>()
        for (let subtask = 0; subtask < from; subtask++) {
          const backend = backendOf(undefined, keyGroupRange(subtask, from, MAX_PARALLELISM))
          const states = openAll(backend)
          keys.forEach((key, index) => {
            const group = keyGroupOf(key, MAX_PARALLELISM)
            if (subtaskOfGroup(group, from, MAX_PARALLELISM) !== subtask) return
            select(backend, key, index)
            states.value.update(index)
            states.list.addAll([index, -0])
            states.map.put(index, `${index}`)
            states.sum.add(BigInt(index))
            states.latest.add(`${index}`)
            states.timers.event.register({ timestamp: index, key: toInternalKey(key), group, namespace: '' })
          })
          for (const [group, bytes] of snapshot(backend)) stored.set(group, bytes)
        }
        for (let subtask = 0; subtask < to; subtask++) {
          const backend = backendOf(stored, keyGroupRange(subtask, to, MAX_PARALLELISM))
          const states = openAll(backend)
          let mine = 0
          keys.forEach((key, index) => {
            const group = keyGroupOf(key, MAX_PARALLELISM)
            if (subtaskOfGroup(group, to, MAX_PARALLELISM) !== subtask) return
            mine++
            select(backend, key, index)
            expect(states.value.value()).toBe(index)
            expect(states.list.values()).toEqual([index, -0])
            expect([...states.map.entries()]).toEqual([[index, `${index}`]])
            expect(states.sum.value()).toBe(BigInt(index))
            expect(states.latest.value()).toBe(`${index}`)
          })
          expect(states.timers.event.size).toBe(mine)
          expect(backend.unclaimed).toEqual([])
        }
      }),
      { numRuns: 60 },
    )
  })

  it('has nothing for a group without state', () => {
    const backend = backendOf()
    const value = backend.value<number>({ kind: 'value', name: 'v' })
    select(backend, 'a')
    const group = backend.currentGroup
    value.update(1)
    expect([...backend.groupsWithState()]).toEqual([group])
    expect(backend.encodeGroup((group + 1) % MAX_PARALLELISM)).toBeUndefined()
    value.clear()
    expect(backend.encodeGroup(group)).toBeUndefined()
  })

  it('keeps state that the job no longer declares, and names it', () => {
    const before = backendOf()
    const gone = before.value<number>({ kind: 'value', name: 'gone' })
    select(before, 'a')
    gone.update(7)
    const between = backendOf(snapshot(before))
    between.value<number>({ kind: 'value', name: 'new' })
    expect(between.unclaimed).toEqual(['gone'])
    const after = backendOf(snapshot(between))
    const back = after.value<number>({ kind: 'value', name: 'gone' })
    select(after, 'a')
    expect(back.value()).toBe(7)
    expect(after.unclaimed).toEqual([])
  })

  it('of state that is no plain data fails with operator, state and path', () => {
    const backend = backendOf()
    const value = backend.value<unknown>({ kind: 'value', name: 'fn' })
    select(backend, 'a')
    value.update({ call: () => 1 })
    const error = expect.objectContaining({ code: 'STATE_NOT_SERIALIZABLE', operatorId: 'step' })
    expect(() => backend.encodeGroup(backend.currentGroup)).toThrow(error)
    expect(() => backend.encodeGroup(backend.currentGroup)).toThrow(/state:fn.*\.call: .*a function/)
  })

  it('of a state of one kind is refused for a state of another, naming both', () => {
    const before = backendOf()
    const list = before.list<number>({ kind: 'list', name: 'x' })
    select(before, 'a')
    list.add(1)
    const after = backendOf(snapshot(before))
    expect(() => after.value({ kind: 'value', name: 'x' })).toThrow(
      expect.objectContaining({
        code: 'STATE_LAYOUT_UNKNOWN',
        message: expect.stringMatching(/value-by-key.*list-by-key/),
      }),
    )
  })

  it('hands a component its layout and version', () => {
    const seen: unknown[] = []
    const component = (version: number): KeyGroupedComponent => ({
      name: 'windows',
      layout: 'by-window',
      version,
      snapshotGroup: (group) => (group === 3 ? { panes: 2 } : undefined),
      restoreGroup: (...restored) => seen.push(restored),
    })
    const before = backendOf()
    before.register(component(1))
    backendOf(snapshot(before)).register(component(2))
    expect(seen).toEqual([[3, { panes: 2 }, { layout: 'by-window', version: 1, data: { panes: 2 } }]])
  })

  it.each<[string, Uint8Array]>([
    ['bytes that cannot be decoded', Uint8Array.of(0xc1)],
    ['a number', encode(5)],
    ['a map', encode(new Map([['a', 1]]))],
    ['a component without layout', encode({ 'state:v': { data: new Map() } })],
    ['entries that are no map', encode({ 'state:v': { layout: 'value-by-key', version: 1, data: 5 } })],
  ])('that is %s is refused: CHECKPOINT_CORRUPT, naming operator and group', (_name, bytes) => {
    expect(() => backendOf(new Map([[4, bytes]])).value({ kind: 'value', name: 'v' })).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_CORRUPT',
        operatorId: 'step',
        message: expect.stringContaining('key group 4'),
      }),
    )
  })
})
