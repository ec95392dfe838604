import { describe, expect, it } from 'vitest'
import { type Duration, millis } from '../../../core/duration.js'
import type { KeyedStateBackend } from '../../../core/state/backend.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import type { Ttl } from '../../../core/state/ttl.js'
import { count } from '../../../core/window/aggregates/count.js'
import { HarnessMetrics } from '../../harness/metrics.js'

const TTL = 100

/** One key's state by a clock that a test sets. */
function atTime(from = 0) {
  const clock = { time: from, now: () => clock.time }
  const metrics = new HarnessMetrics()
  const backend = new KeyedState({ operatorId: 'step', range: { first: 0, end: 4 }, clock, metrics })
  backend.setCurrentKey('a', 0)
  return { clock, metrics, backend }
}

function kindsOf(backend: KeyedStateBackend, ttl: Ttl) {
  const value = backend.value<number>({ kind: 'value', name: 'value', ttl })
  const sum = backend.reducing<number>({ kind: 'reducing', name: 'sum', reduce: (a, b) => a + b, ttl })
  const counted = backend.aggregating({ kind: 'aggregating', name: 'count', aggregate: count(), ttl })
  const list = backend.list<number>({ kind: 'list', name: 'list', ttl })
  const map = backend.map<string, number>({ kind: 'map', name: 'map', ttl })
  return {
    value: { write: () => value.update(1), read: () => value.value() },
    reducing: { write: () => sum.add(1), read: () => sum.value() },
    aggregating: { write: () => counted.add(1), read: () => counted.value() },
    list: { write: () => list.update([1]), read: () => list.values()[0] },
    map: { write: () => map.put('x', 1), read: () => map.get('x') },
    'map, iterated': { write: () => map.put('x', 1), read: () => [...map.values()][0] },
  }
}

const ttlOf = (options: Omit<Ttl, 'after'> = {}, after: Duration = millis(TTL)): Ttl => ({ after, ...options })
const KINDS = ['value', 'reducing', 'aggregating', 'list', 'map', 'map, iterated'] as const

describe.each(KINDS)('%s state with a time to live', (kind) => {
  it('has expired when last access + ttl <= now, and is then not seen', () => {
    const { clock, backend } = atTime(5)
    const state = kindsOf(backend, ttlOf())[kind]
    state.write()
    clock.time = 5 + TTL - 1
    expect(state.read()).toBe(1)
    clock.time = 5 + TTL
    expect(state.read()).toBeUndefined()
    clock.time = 5 + TTL - 1
    expect(state.read()).toBeUndefined()
  })

  it('lives on when it is written, and not when it is read', () => {
    const { clock, backend } = atTime()
    const state = kindsOf(backend, ttlOf())[kind]
    state.write()
    clock.time = 60
    state.write()
    clock.time = 159
    expect(state.read()).toBeGreaterThan(0)
    clock.time = 160
    expect(state.read()).toBeUndefined()
  })

  it('lives on when it is read, where reads count', () => {
    const { clock, backend } = atTime()
    const state = kindsOf(backend, ttlOf({ update: 'onReadAndWrite' }))[kind]
    state.write()
    for (clock.time = 90; clock.time < 1000; clock.time += 90) expect(state.read()).toBe(1)
    clock.time += TTL
    expect(state.read()).toBeUndefined()
  })

  it('is seen until it is cleaned, where that is wanted, and no read revives it', () => {
    const { clock, backend } = atTime()
    const state = kindsOf(backend, ttlOf({ expired: 'untilCleaned', update: 'onReadAndWrite' }))[kind]
    state.write()
    clock.time = TTL
    expect(state.read()).toBe(1)
    expect(state.read()).toBe(1)
    backend.trim()
    expect(state.read()).toBeUndefined()
  })

  it('is counted when it goes, by name of the state', () => {
    const { clock, backend, metrics } = atTime()
    const state = kindsOf(backend, ttlOf())[kind]
    const name = { value: 'value', reducing: 'sum', aggregating: 'count', list: 'list' }[kind as 'value'] ?? 'map'
    state.write()
    clock.time = TTL
    backend.trim()
    state.write()
    clock.time = 3 * TTL
    state.read()
    state.read()
    expect(metrics.valueOf(`state_${name}_expired`)).toBe(2)
  })
})

describe('state with a time to live', () => {
  it('begins anew after it has expired: a value with its initial one, a sum, an accumulator', () => {
    const { clock, backend } = atTime()
    const ttl = ttlOf()
    const value = backend.value<number>({ kind: 'value', name: 'value', initial: () => 7, ttl })
    const { reducing, aggregating } = kindsOf(atTimeOf(clock), ttl)
    value.update(1)
    for (const state of [reducing, reducing, aggregating, aggregating]) state.write()
    expect([value.value(), reducing.read(), aggregating.read()]).toEqual([1, 2, 2])
    clock.time = TTL
    expect(value.value()).toBe(7)
    value.mutate((seen) => (seen ?? 0) + 1)
    for (const state of [reducing, aggregating]) state.write()
    expect([value.value(), reducing.read(), aggregating.read()]).toEqual([8, 1, 1])
  })

  it('goes on with what has expired where that is seen', () => {
    const { clock, backend } = atTime()
    const { reducing } = kindsOf(backend, ttlOf({ expired: 'untilCleaned' }))
    reducing.write()
    clock.time = 5 * TTL
    reducing.write()
    expect(reducing.read()).toBe(2)
    clock.time += TTL - 1
    backend.trim()
    expect(reducing.read()).toBe(2)
  })

  it('has a time for each element of a list', () => {
    const { clock, backend } = atTime()
    const list = backend.list<string>({ kind: 'list', name: 'list', ttl: ttlOf() })
    list.add('a')
    clock.time = 40
    list.addAll(['b', 'c'])
    clock.time = 80
    list.add('d')
    expect(list.values()).toEqual(['a', 'b', 'c', 'd'])
    clock.time = TTL
    expect(list.values()).toEqual(['b', 'c', 'd'])
    clock.time = 140
    expect(list.values()).toEqual(['d'])
    clock.time = 180
    expect(list.values()).toEqual([])
    list.addAll(list.values())
    expect(list.values()).toEqual([])
  })

  it('leaves a list alone that was read before an element of it expired', () => {
    const { clock, backend } = atTime()
    const list = backend.list<string>({ kind: 'list', name: 'list', ttl: ttlOf() })
    list.add('a')
    clock.time = 40
    list.add('b')
    const before = list.values()
    clock.time = TTL
    expect(list.values()).toEqual(['b'])
    expect(before).toEqual(['a', 'b'])
  })

  it('has a time for each entry of a map', () => {
    const { clock, backend } = atTime()
    const map = backend.map<string, number>({ kind: 'map', name: 'map', ttl: ttlOf() })
    map.put('a', 1)
    clock.time = 40
    map.put('b', 2)
    clock.time = TTL
    expect(map.has('a')).toBe(false)
    expect([...map.entries()]).toEqual([['b', 2]])
    expect([...map.keys()]).toEqual(['b'])
    expect(map.isEmpty()).toBe(false)
    map.put('a', 3)
    clock.time = 140
    expect([...map.values()]).toEqual([3])
    clock.time = 2 * TTL
    expect(map.isEmpty()).toBe(true)
    expect([...map.keys()]).toEqual([])
    expect(() => map.put(Number.NaN as never, 1)).toThrow(/MAP_KEY_INVALID|a key of map state/)
  })

  it('can be cleared, and is of its key', () => {
    const { clock, backend } = atTime()
    const map = backend.map<string, number>({ kind: 'map', name: 'map', ttl: ttlOf() })
    const value = backend.value<number>({ kind: 'value', name: 'value', ttl: ttlOf() })
    map.put('x', 1)
    value.update(1)
    backend.setCurrentKey('b', 1)
    clock.time = 50
    map.put('x', 2)
    value.update(2)
    backend.setCurrentKey('a', 0)
    map.clear()
    value.clear()
    expect([map.isEmpty(), value.value()]).toEqual([true, undefined])
    backend.setCurrentKey('b', 1)
    clock.time = TTL
    expect([map.get('x'), value.value()]).toEqual([2, 2])
    map.remove('x')
    expect(map.isEmpty()).toBe(true)
  })

  it('stays as it is while the clock goes back', () => {
    const { clock, backend } = atTime(1000)
    const value = backend.value<number>({ kind: 'value', name: 'value', ttl: ttlOf() })
    value.update(1)
    clock.time = 0
    backend.trim()
    expect(value.value()).toBe(1)
  })

  it('needs a clock', () => {
    const backend = new KeyedState({ operatorId: 'step', range: { first: 0, end: 1 } })
    expect(() => backend.value({ kind: 'value', name: 'seen', ttl: ttlOf() })).toThrow(
      expect.objectContaining({ code: 'TTL_WITHOUT_CLOCK' }),
    )
  })
})

/** Another state by the same clock. */
function atTimeOf(clock: { now(): number }): KeyedState {
  const backend = new KeyedState({ operatorId: 'other', range: { first: 0, end: 4 }, clock })
  backend.setCurrentKey('a', 0)
  return backend
}
