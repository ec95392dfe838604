import { expect, test } from 'vitest'
import { RestoredOperatorState } from '../../../core/state/restored-operator-state.js'

const restored = () =>
  new RestoredOperatorState('hold', [
    { name: 'held', mode: 'list', entries: [1] },
    { name: 'seen', mode: 'union', entries: [2] },
    { name: 'empty', mode: 'list', entries: [] },
  ])

test('gives a state by name, nothing for one that is not there', () => {
  expect(restored().take('held', 'list')).toEqual([1])
  expect(restored().take('other', 'union')).toEqual([])
})

test('names the states with entries that nobody took', () => {
  const state = restored()
  expect(state.unclaimed).toEqual(['held', 'seen'])
  state.take('seen', 'union')
  expect(state.unclaimed).toEqual(['held'])
})

test('refuses a state that was stored in another mode', () => {
  expect(() => restored().take('held', 'broadcast')).toThrow(
    expect.objectContaining({ code: 'STATE_LAYOUT_UNKNOWN', operatorId: 'hold' }),
  )
})
