import { describe, expect, expectTypeOf, it } from 'vitest'
import type {
  AppendingState,
  ListState,
  MapState,
  ReadOnlyValueState,
  ValueState,
} from '../../../core/state/backend.js'
import {
  aggregatingState,
  listState,
  mapState,
  openStates,
  reducingState,
  valueState,
} from '../../../core/state/declare.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import type { Aggregate } from '../../../core/window/aggregate.js'

const counting: Aggregate<string, number, string> = {
  kind: 'counting',
  create: () => 0,
  add: (count) => count + 1,
  merge: (left, right) => left + right,
  result: (count) => `${count}`,
}

function open() {
  const backend = new KeyedState({ operatorId: 'step', range: { first: 0, end: 1 } })
  const states = openStates(backend, {
    count: valueState({ initial: () => 0 }),
    last: valueState<{ at: number }>(),
    rows: listState<string>(),
    byCell: mapState<string, number>(),
    highest: reducingState<number>(Math.max),
    counted: aggregatingState(counting),
  })
  backend.setCurrentKey('a', 0)
  return states
}

describe('declared state', () => {
  it('is named by its key in the record and opened as its kind', () => {
    const states = open()
    states.count.update((states.count.value() ?? 9) + 1)
    states.rows.add('row')
    states.byCell.put('dr5', 2)
    for (const value of [3, 8, 5]) states.highest.add(value)
    states.counted.add('x')
    expect(states.count.value()).toBe(1)
    expect(states.last.value()).toBeUndefined()
    expect(states.rows.values()).toEqual(['row'])
    expect(states.byCell.get('dr5')).toBe(2)
    expect(states.highest.value()).toBe(8)
    expect(states.counted.value()).toBe('1')
  })

  it('has its types from the declaration', () => {
    const states = open()
    expectTypeOf(states.count).toEqualTypeOf<ValueState<number>>()
    expectTypeOf(states.last).toEqualTypeOf<ValueState<{ at: number }>>()
    expectTypeOf(states.rows).toEqualTypeOf<ListState<string>>()
    expectTypeOf(states.byCell).toEqualTypeOf<MapState<string, number>>()
    expectTypeOf(states.highest).toEqualTypeOf<AppendingState<number, number>>()
    expectTypeOf(states.counted).toEqualTypeOf<AppendingState<string, string>>()
    // @ts-expect-error an object is no key of a map state
    mapState<{ id: number }, number>()
    // @ts-expect-error value() is read-only: change it by mutate
    const change = () => (states.last.value() ?? { at: 0 }).at++
    expect(change).toBeTypeOf('function')
  })

  it('can be handed out as read-only', () => {
    const { count } = open()
    const readOnly: ReadOnlyValueState<number> = count
    // @ts-expect-error no update
    const update = () => readOnly.update(1)
    expect(update).toBeTypeOf('function')
    expect(readOnly.value()).toBe(0)
  })
})
