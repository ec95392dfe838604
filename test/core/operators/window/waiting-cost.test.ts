import { expect, test } from 'vitest'
import type { OperatorContext } from '../../../../core/operators/operator.js'
import { WaitingRecords } from '../../../../core/operators/window/waiting-records.js'
import type { MapState, MapStateSpec } from '../../../../core/state/backend.js'
import { KeyedState } from '../../../../core/state/keyed-state.js'

const KEY_GROUPS = { first: 0, end: 1 }

/** Counts the elements of every list that is stored and was not there before: what was copied. */
function counting(map: MapState<number, unknown>, copied: { elements: number }): MapState<number, unknown> {
  const known = new WeakSet<object>()
  const put = (key: number, value: unknown): void => {
    const list = value as readonly unknown[]
    if (!known.has(list)) copied.elements += list.length
    known.add(list)
    map.put(key, value)
  }
  return Object.create(map, { put: { value: put } }) as MapState<number, unknown>
}

test('records of one key and millisecond that wait are not copied whenever one more comes', () => {
  const copied = { elements: 0 }
  const keyed = new KeyedState({ operatorId: 'under-test', range: KEY_GROUPS })
  const keyedState = Object.create(keyed, {
    map: { value: (spec: MapStateSpec<number, unknown>) => counting(keyed.map(spec), copied) },
  }) as KeyedState
  // Nothing else of the context is asked for.
  const waiting = new WaitingRecords({ keyedState, keyGroups: KEY_GROUPS } as unknown as OperatorContext)
  const values = Array.from({ length: 2_000 }, (_, value) => value)
  for (const value of values) waiting.add(value, 7, 'a', 0)
  expect(waiting.takeDue(7)?.values).toEqual(values)
  expect(copied.elements).toBeLessThanOrEqual(values.length)
})
