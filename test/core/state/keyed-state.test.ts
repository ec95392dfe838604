import { describe, expect, it } from 'vitest'
import { toInternalKey } from '../../../core/state/key-codec.js'
import { keyGroupOf } from '../../../core/state/key-groups.js'
import { KeyedTimers } from '../../../core/time/timers.js'
import { ALL, entriesIn, latest, load, MAX_PARALLELISM, save, select, stateOf } from './keyed-state-fixture.js'

describe('value state', () => {
  it('belongs to the current key', () => {
    const state = stateOf()
    const seen = state.value<number>({ kind: 'value', name: 'seen' })
    for (const [index, key] of ['a', 1, 1n, true, ['a'], '1'].entries()) {
      select(state, key)
      expect(seen.value()).toBeUndefined()
      seen.update(index)
    }
    select(state, 1n)
    expect(seen.value()).toBe(2)
    seen.clear()
    expect(seen.value()).toBeUndefined()
    select(state, 1)
    expect(seen.value()).toBe(1)
  })

  it('gives its initial value before the first update and after a clear, a fresh one each time', () => {
    const state = stateOf()
    const cells = state.value({ kind: 'value', name: 'cells', initial: () => ({ count: 0 }) })
    select(state, 'a')
    expect(cells.value()).toEqual({ count: 0 })
    expect(cells.value()).not.toBe(cells.value())
    expect(entriesIn(state)).toBe(0)
    cells.mutate((cell) => ({ count: (cell?.count ?? 100) + 1 }))
    expect(cells.value()).toEqual({ count: 1 })
    cells.clear()
    expect(cells.value()).toEqual({ count: 0 })
  })

  it('keeps what a change in place leaves', () => {
    const state = stateOf()
    const list = state.value<number[]>({ kind: 'value', name: 'list' })
    select(state, 'a')
    list.update([1])
    list.mutate((values = []) => {
      values.push(2)
      return values
    })
    expect(list.value()).toEqual([1, 2])
  })

  it('keeps null, false, 0 and "" as values, and is empty after an update to undefined', () => {
    const state = stateOf()
    const kept = state.value<unknown>({ kind: 'value', name: 'any', initial: () => 'initial' })
    select(state, 'a')
    for (const value of [null, false, 0, '']) {
      kept.update(value)
      expect(kept.value()).toBe(value)
    }
    kept.update(undefined)
    expect(kept.value()).toBe('initial')
  })
})

describe('list state', () => {
  it('keeps the order of add, and is empty at first and after a clear', () => {
    const state = stateOf()
    const list = state.list<string>({ kind: 'list', name: 'list' })
    select(state, 'k')
    expect(list.values()).toEqual([])
    list.add('a')
    list.addAll(['b', 'c'])
    list.addAll(list.values())
    expect(list.values()).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
    list.clear()
    expect(list.values()).toEqual([])
  })

  it('is replaced by update, by a copy', () => {
    const state = stateOf()
    const list = state.list<number>({ kind: 'list', name: 'list' })
    select(state, 'k')
    const values = [1, 2]
    list.update(values)
    values.push(3)
    expect(list.values()).toEqual([1, 2])
    list.update([])
    expect(list.values()).toEqual([])
    expect(entriesIn(state)).toBe(0)
  })
})

describe('map state', () => {
  it('holds entries by key, in the order of the first put', () => {
    const state = stateOf()
    const map = state.map<string | number, number>({ kind: 'map', name: 'map' })
    select(state, 'k')
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
    select(state, 'other')
    expect(map.isEmpty()).toBe(true)
  })

  it('is empty, and takes no room, when its last entry is removed', () => {
    const state = stateOf()
    const map = state.map<string, number>({ kind: 'map', name: 'map' })
    select(state, 'k')
    map.put('x', 1)
    map.remove('y')
    expect(map.isEmpty()).toBe(false)
    map.remove('x')
    expect(map.isEmpty()).toBe(true)
    expect(entriesIn(state)).toBe(0)
  })
})

describe('reducing and aggregating state', () => {
  it('reduce from left to right, beginning with the first value as it is', () => {
    const state = stateOf()
    const path = state.reducing<string>({
      kind: 'reducing',
      name: 'path',
      reduce: (left, right) => `(${left}${right})`,
    })
    select(state, 'k')
    expect(path.value()).toBeUndefined()
    for (const step of ['a', 'b', 'c']) path.add(step)
    expect(path.value()).toBe('((ab)c)')
    path.clear()
    expect(path.value()).toBeUndefined()
  })

  it('aggregate with the timestamp of the row, and give the result', () => {
    const state = stateOf()
    const last = state.aggregating({ kind: 'aggregating', name: 'latest', aggregate: latest })
    select(state, 'k', 20)
    expect(last.value()).toBeUndefined()
    last.add('late')
    select(state, 'k', 10)
    last.add('early')
    expect(last.value()).toBe('late')
    last.clear()
    expect(last.value()).toBeUndefined()
  })
})

describe('access to keyed state', () => {
  it('without a current key is an error that names the operator', () => {
    const state = stateOf()
    const value = state.value<number>({ kind: 'value', name: 'v' })
    const refused = expect.objectContaining({ code: 'STATE_WITHOUT_KEY', operatorId: 'step' })
    expect(() => value.value()).toThrow(refused)
    expect(() => value.update(1)).toThrow(refused)
    expect(() => state.currentKey).toThrow(refused)
    expect(() => state.currentGroup).toThrow(refused)
    select(state, 'a')
    value.update(1)
    state.clearCurrentKey()
    expect(() => value.value()).toThrow(refused)
  })

  it('of a key group that is not the subtask’s is an error', () => {
    const state = stateOf({ first: 10, end: 20 })
    for (const group of [9, 20, -1, Number.NaN]) {
      expect(() => state.setCurrentKey('a', group)).toThrow(expect.objectContaining({ code: 'KEY_GROUP_FOREIGN' }))
    }
    state.setCurrentKey('a', 19)
    expect(state.currentGroup).toBe(19)
  })

  it('tells the key as the user gave it', () => {
    const state = stateOf()
    select(state, ['a', 1n])
    expect(state.currentKey).toEqual(['a', 1n])
    expect(state.currentInternalKey).toBe(toInternalKey(['a', 1n]))
    expect(state.currentGroup).toBe(keyGroupOf(['a', 1n], MAX_PARALLELISM))
  })
})

describe('names of state', () => {
  it('are used once: the same kind, another kind and a component alike', () => {
    const state = stateOf()
    state.value({ kind: 'value', name: 'x' })
    const taken = expect.objectContaining({ code: 'STATE_NAME_DUPLICATE', operatorId: 'step' })
    expect(() => state.value({ kind: 'value', name: 'x' })).toThrow(taken)
    expect(() => state.list({ kind: 'list', name: 'x' })).toThrow(/value state, not as list/)
    state.register(new KeyedTimers(ALL))
    expect(() => state.register(new KeyedTimers(ALL))).toThrow(taken)
  })

  it('of the user do not meet those of the engine', () => {
    const state = stateOf()
    state.register(new KeyedTimers(ALL, 'timers'))
    const timers = state.value<number>({ kind: 'value', name: 'timers' })
    select(state, 'a')
    timers.update(5)
    const restored = stateOf()
    restored.register(new KeyedTimers(ALL, 'timers'))
    const after = restored.value<number>({ kind: 'value', name: 'timers' })
    expect(load(restored, save(state))).toEqual([])
    select(restored, 'a')
    expect(after.value()).toBe(5)
  })
})
