import { describe, expect, test } from 'vitest'
import { BroadcastStates } from '../../../core/state/broadcast-state.js'
import { mapState, valueState } from '../../../core/state/declare.js'

interface Rule {
  hits: number
}

const DECLARED = { rules: mapState<string, Rule>(), latest: valueState<Rule>() }

function copies(count: number, restored: (name: string) => readonly unknown[] = () => []) {
  return Array.from({ length: count }, () => {
    const states = new BroadcastStates(DECLARED, { operatorId: 'apply', restored })
    states.isWritable = true
    return states
  })
}

describe('copies of broadcast state in one process share no object', () => {
  test('of an element that all of them were given', () => {
    const rule: Rule = { hits: 0 }
    const [one, two] = copies(2)
    for (const { state } of [one!, two!]) {
      state.rules.put('a', rule)
      state.latest.update(rule)
      state.latest.mutate((latest) => {
        latest!.hits++
        return latest!
      })
    }
    expect(rule).toEqual({ hits: 0 })
    expect(one!.state.latest.value()).toEqual({ hits: 1 })
    expect(two!.state.latest.value()).toEqual({ hits: 1 })
    expect(one!.state.rules.get('a')).not.toBe(two!.state.rules.get('a'))
  })

  test('of what all of them were restored from', () => {
    const [first] = copies(1)
    first!.state.rules.put('a', { hits: 1 })
    first!.state.latest.update({ hits: 2 })
    const stored = first!.snapshot()
    const [one, two] = copies(2, (name) => stored.find((state) => state.name === name)?.entries ?? [])
    expect([...one!.state.rules.entries()]).toEqual([['a', { hits: 1 }]])
    expect(one!.state.latest.value()).toEqual({ hits: 2 })
    expect(one!.state.rules.get('a')).not.toBe(two!.state.rules.get('a'))
    expect(one!.state.latest.value()).not.toBe(two!.state.latest.value())
  })
})

test('what no checkpoint can hold is refused when it is put', () => {
  const [one] = copies(1)
  expect(() => one!.state.rules.put('a', (() => 1) as unknown as Rule)).toThrow(
    expect.objectContaining({ code: 'STATE_NOT_SERIALIZABLE' }),
  )
})

test('a promise is no value: not from initial, nor from the function of mutate', () => {
  const rejecting = async (): Promise<never> => {
    throw new Error('nobody waits')
  }
  const declared = { latest: valueState<Rule>({ initial: rejecting as unknown as () => Rule }) }
  const states = new BroadcastStates(declared, { operatorId: 'apply', restored: () => [] })
  states.isWritable = true
  const said = (whose: string) =>
    expect.objectContaining({
      code: 'USER_FUNCTION_RETURNED_PROMISE',
      message: expect.stringContaining(`${whose} of a broadcast value returned a promise`),
    })
  expect(() => states.state.latest.value()).toThrow(said('initial'))
  states.state.latest.update({ hits: 1 })
  expect(() => states.state.latest.mutate(rejecting as unknown as () => Rule)).toThrow(said('the function of mutate'))
})

test('a key of a map is a scalar', () => {
  const [one] = copies(1)
  expect(() => one!.state.rules.put({} as unknown as string, { hits: 1 })).toThrow(
    expect.objectContaining({ code: 'MAP_KEY_INVALID' }),
  )
})

test('an empty state is stored as one that is there', () => {
  const [one] = copies(1)
  one!.state.rules.put('a', { hits: 1 })
  one!.state.rules.remove('a')
  one!.state.latest.update({ hits: 1 })
  one!.state.latest.clear()
  expect(one!.state.rules.isEmpty()).toBe(true)
  expect(one!.state.latest.value()).toBeUndefined()
  expect(one!.snapshot()).toEqual([
    { name: 'rules', mode: 'broadcast', entries: [] },
    { name: 'latest', mode: 'broadcast', entries: [] },
  ])
})
