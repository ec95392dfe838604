import { test } from 'vitest'
import { millis } from '../../../core/duration.js'
import { keyedProcessOperator } from '../../../core/operators/keyed-process.js'
import type { Operator } from '../../../core/operators/operator.js'
import { aggregatingState, listState, mapState, reducingState, valueState } from '../../../core/state/declare.js'
import type { Ttl } from '../../../core/state/ttl.js'
import { count } from '../../../core/window/aggregates/count.js'
import { emitted, operatorHarness, processingTime, record } from '../../harness/index.js'

interface Reading {
  readonly key: string
  readonly value: number
}

const START = Date.UTC(2030, 0, 1)
const reading = (key: string, value: number) => record<Reading>({ key, value }, 0)
const at = (ms: number) => processingTime(START + ms)

/** What a key has of each kind of state, with the new value in it. */
const all = (ttl: Ttl) =>
  keyedProcessOperator({
    state: {
      last: valueState<number>({ ttl }),
      values: listState<number>({ ttl }),
      byValue: mapState<number, string>({ ttl }),
      sum: reducingState((left: number, right: number) => left + right, { ttl }),
      count: aggregatingState(count(), { ttl }),
    },
    *process({ key, value }: Reading, { state }) {
      yield `${key} ${state.last.value()} | ${state.values.values()} | ${[...state.byValue.keys()]} | ${state.sum.value()} | ${state.count.value()}`
      state.last.update(value)
      state.values.add(value)
      state.byValue.put(value, 'seen')
      state.sum.add(value)
      state.count.add(value)
    },
  })

const harness = (ttl: Ttl) =>
  operatorHarness<Reading, string>({
    create: () => all(ttl) as Operator,
    keyOf: ({ key }) => key,
    startAt: START,
  })

const rows = (...texts: string[]) => texts.map((text) => emitted(text, 0))
const NOTHING = 'undefined |  |  | undefined | undefined'

test('state with a time to live is of the key, and survives restores and rescales with its times', async () => {
  await harness({ after: millis(100) }).verify({
    input: [
      at(0),
      ...[reading('a', 1), reading('b', 5)],
      at(60),
      reading('a', 2),
      at(99),
      ...[reading('a', 3), reading('b', 6)],
      at(100),
      reading('a', 3),
      at(199),
      ...[reading('a', 4), reading('b', 7)],
      at(400),
      reading('b', 8),
    ],
    expect: rows(
      `a ${NOTHING}`,
      `b ${NOTHING}`,
      'a 1 | 1 | 1 | 1 | 1',
      'a 2 | 1,2 | 1,2 | 3 | 2',
      'b 5 | 5 | 5 | 5 | 1',
      'a 3 | 2,3 | 2,3 | 6 | 3',
      'a 3 | 3 | 3 | 9 | 4',
      `b ${NOTHING}`,
      `b ${NOTHING}`,
    ),
    order: 'exact',
  })
})

test('state that is read lives on where reads count, over restores and rescales too', async () => {
  await harness({ after: millis(100), update: 'onReadAndWrite' }).verify({
    input: [at(0), reading('a', 1), at(90), reading('a', 2), at(180), reading('a', 3), at(279), reading('a', 4)],
    expect: rows(`a ${NOTHING}`, 'a 1 | 1 | 1 | 1 | 1', 'a 2 | 1,2 | 1,2 | 3 | 2', 'a 3 | 1,2,3 | 1,2,3 | 6 | 3'),
    order: 'exact',
  })
})
