import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toInternalKey } from '../../../core/state/key-codec.js'
import { keyGroupOf, keyGroupRange, subtaskOfGroup } from '../../../core/state/key-groups.js'
import type { KeyedState } from '../../../core/state/keyed-state.js'
import { KeyedTimers } from '../../../core/time/timers.js'
import { anyKey } from './key-arbitraries.js'
import { ALL, entriesIn, latest, load, MAX_PARALLELISM, save, select, stateOf } from './keyed-state-fixture.js'

function openAll(state: KeyedState) {
  const timers = new KeyedTimers(state.range)
  state.register(timers)
  return {
    timers,
    value: state.value<number>({ kind: 'value', name: 'value' }),
    list: state.list<number>({ kind: 'list', name: 'list' }),
    map: state.map<number, string>({ kind: 'map', name: 'map' }),
    sum: state.reducing<bigint>({ kind: 'reducing', name: 'sum', reduce: (left, right) => left + right }),
    latest: state.aggregating({ kind: 'aggregating', name: 'latest', aggregate: latest }),
  }
}

describe('a snapshot', () => {
  it('restores every kind of state under every kind of key at any other parallelism', () => {
    const layout = fc.record({ from: fc.integer({ min: 1, max: 5 }), to: fc.integer({ min: 1, max: 5 }) })
    fc.assert(
      fc.property(fc.uniqueArray(anyKey, { selector: toInternalKey, maxLength: 30 }), layout, (keys, { from, to }) => {
        const objects: Uint8Array[] = []
        for (let subtask = 0; subtask < from; subtask++) {
          const state = stateOf(keyGroupRange(subtask, from, MAX_PARALLELISM))
          const states = openAll(state)
          keys.forEach((key, index) => {
            const group = keyGroupOf(key, MAX_PARALLELISM)
            if (subtaskOfGroup(group, from, MAX_PARALLELISM) !== subtask) return
            select(state, key, index)
            states.value.update(index)
            states.list.addAll([index, -0])
            states.map.put(index, `${index}`)
            states.sum.add(BigInt(index))
            states.latest.add(`${index}`)
            states.timers.event.register({ timestamp: index, key: toInternalKey(key), group, namespace: '' })
          })
          objects.push(...save(state))
        }
        for (let subtask = 0; subtask < to; subtask++) {
          const state = stateOf(keyGroupRange(subtask, to, MAX_PARALLELISM))
          const states = openAll(state)
          expect(load(state, objects)).toEqual([])
          let mine = 0
          keys.forEach((key, index) => {
            const group = keyGroupOf(key, MAX_PARALLELISM)
            if (subtaskOfGroup(group, to, MAX_PARALLELISM) !== subtask) return
            mine++
            select(state, key, index)
            expect(states.value.value()).toBe(index)
            expect(states.list.values()).toEqual([index, -0])
            expect([...states.map.entries()]).toEqual([[index, `${index}`]])
            expect(states.sum.value()).toBe(BigInt(index))
            expect(states.latest.value()).toBe(`${index}`)
          })
          expect(states.timers.event.size).toBe(mine)
          expect(entriesIn(state)).toBe(mine * 6)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('of no state has no objects and needs none', () => {
    const state = stateOf()
    const value = state.value<number>({ kind: 'value', name: 'v' })
    select(state, 'a')
    value.update(1)
    value.clear()
    const snapshot = state.snapshot({ checkpointId: 1, isSavepoint: true })
    snapshot.work(() => false)
    expect(snapshot.takeObjects()).toEqual([])
    expect([...snapshot.needed]).toEqual([])
  })

  it('names the states that the job no longer declares', () => {
    const before = stateOf()
    const gone = before.value<number>({ kind: 'value', name: 'gone' })
    const timers = new KeyedTimers(ALL)
    before.register(timers)
    timers.event.register({ timestamp: 1, key: 'a', group: 3, namespace: '' })
    select(before, 'a')
    gone.update(7)
    const after = stateOf()
    after.value<number>({ kind: 'value', name: 'new' })
    expect(load(after, save(before))).toEqual(['gone', 'timers'])
    expect(entriesIn(after)).toBe(0)
  })

  it('of a state of one kind is refused for a state of another, naming both', () => {
    const before = stateOf()
    const list = before.list<number>({ kind: 'list', name: 'x' })
    select(before, 'a')
    list.add(1)
    const after = stateOf()
    after.value({ kind: 'value', name: 'x' })
    expect(() => load(after, save(before))).toThrow(
      expect.objectContaining({
        name: 'TidemarkError',
        operatorId: 'step',
        message: expect.stringMatching(/'(state:)?x'.*(value.*list|list.*value)/),
      }),
    )
  })
})

describe('state that is no plain data', () => {
  const notSerializable = expect.objectContaining({
    code: 'STATE_NOT_SERIALIZABLE',
    operatorId: 'step',
    message: expect.stringMatching(/state:fn.*key group \d+.*\.call: .*a function/),
  })

  it('fails the snapshot with operator, state and path, again and again', () => {
    const state = stateOf()
    const value = state.value<unknown>({ kind: 'value', name: 'fn' })
    select(state, 'a')
    value.update({ call: () => 1 })
    const snapshot = state.snapshot({ checkpointId: 1, isSavepoint: false })
    expect(() => snapshot.work(() => false)).toThrow(notSerializable)
    expect(() => snapshot.work(() => false)).toThrow(notSerializable)
  })

  it('fails the snapshot, not whoever changes it while the snapshot is written', () => {
    const state = stateOf()
    const value = state.value<unknown>({ kind: 'value', name: 'fn' })
    select(state, 'a')
    value.update({ call: () => 1 })
    const snapshot = state.snapshot({ checkpointId: 1, isSavepoint: false })
    value.update(5)
    value.update(6)
    expect(value.value()).toBe(6)
    expect(() => snapshot.work(() => false)).toThrow(notSerializable)
    snapshot.end()
    state.checkpointAborted(1)
    const next = state.snapshot({ checkpointId: 2, isSavepoint: false })
    expect(next.work(() => false)).toBe(true)
  })
})

describe('a snapshot that was given up', () => {
  it('may end after the next one has begun, which is not disturbed', () => {
    const state = stateOf()
    const value = state.value<number>({ kind: 'value', name: 'v' })
    select(state, 'a')
    value.update(1)
    const first = state.snapshot({ checkpointId: 1, isSavepoint: false })
    const second = state.snapshot({ checkpointId: 2, isSavepoint: false })
    first.end()
    value.update(2)
    second.work(() => false)
    const restored = stateOf()
    const after = restored.value<number>({ kind: 'value', name: 'v' })
    load(restored, second.takeObjects())
    select(restored, 'a')
    expect(after.value()).toBe(1)
  })
})
