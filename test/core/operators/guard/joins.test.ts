import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeadLetter } from '../../../../core/connector.js'
import { NO_TIMESTAMP } from '../../../../core/element.js'
import { millis, type OnError, session, sideOutput, tumbling } from '../../../../core/index.js'
import type { Operator } from '../../../../core/operators/operator.js'
import {
  ALL_AT_ONCE,
  ALL_MODES,
  type Emitted,
  emitted,
  endOfInput,
  type HarnessInput,
  operatorHarness,
} from '../../../harness/index.js'
import { runCase } from '../../../harness/run-case.js'
import { runs, timeout } from '../../../setup/runs.js'
import { operatorOf } from '../join/operator-of.js'
import { type Item, left, randomSides, right } from '../join/two-sides.js'

const SIDES = ['lateLeft', 'lateRight', 'failed']
const keyOf = ({ key }: Item) => key
/** What the functions of these tests cannot take. */
const BAD = 13

function refuse(...numbers: readonly (number | undefined)[]): void {
  if (numbers.includes(BAD)) throw new RangeError('thirteen')
}

/** Rows before the failure, to see that none goes on. */
function* rowsOf(...numbers: readonly number[]): Generator<string> {
  yield `first of ${numbers}`
  refuse(...numbers)
  yield `second of ${numbers}`
}

const both = (...numbers: readonly number[]) => [`first of ${numbers}`, `second of ${numbers}`]
const OPERATORS: Readonly<Record<string, (onError: OnError) => () => Operator>> = {
  'an interval join': (onError) =>
    operatorOf((lefts, rights) =>
      lefts
        .intervalJoin(rights, { lower: { before: millis(5) }, upper: millis(5) })
        .process('joined', (one, other) => rowsOf(one.number, other.number), { onError }),
    ),
  'a window join': (onError) =>
    operatorOf((lefts, rights) =>
      lefts
        .join(rights)
        .window(tumbling(millis(10)))
        .process('joined', (one, other) => rowsOf(one.number, other.number), { onError }),
    ),
}

async function letters(create: () => Operator, input: readonly HarnessInput<Item>[], mode = ALL_AT_ONCE) {
  const { sideOutputs } = await runCase<Item>({ create, keyOf, sideOutputs: SIDES, startAt: 500 }, mode, input)
  return (sideOutputs['failed'] ?? []) as readonly Emitted<DeadLetter>[]
}

const rawOf = ({ value }: Emitted<DeadLetter>): unknown => JSON.parse(new TextDecoder().decode(value.raw))

describe.each(Object.entries(OPERATORS))('%s under a policy', (_name, operator) => {
  const input = [left('a', 1, 3), left('a', BAD, 4), right('a', 2, 4), left('a', 3, 5), right('b', 4, 5), endOfInput()]

  test('a pair that fails holds up no other pair of its records, and leaves no row behind', async () => {
    const harness = operatorHarness<Item, unknown>({ create: operator('skip'), keyOf, sideOutputs: SIDES })
    const rows = [...both(1, 2), ...both(3, 2)].map((row) => expect.objectContaining({ value: row }))
    for (const mode of ALL_MODES) {
      const { sections } = await runCase<Item>({ create: operator('skip'), keyOf, sideOutputs: SIDES }, mode, input)
      expect(sections.flat(), mode.name).toHaveLength(rows.length)
      expect(sections.flat(), mode.name).toEqual(expect.arrayContaining(rows))
    }
    await harness.verify({
      input: [left('a', BAD, 4), right('a', BAD, 4), endOfInput()],
      expect: [],
      counters: { skippedRecords: 1 },
    })
  })

  test('its dead letter has key and both records, and is no record to be put back', async () => {
    for (const mode of ALL_MODES) {
      const [letter, ...more] = await letters(operator('deadLetter'), input, mode)
      expect(more, mode.name).toEqual([])
      expect(rawOf(letter!), mode.name).toMatchObject({
        key: 'a',
        left: { key: 'a', number: BAD },
        right: { key: 'a', number: 2 },
      })
      expect(letter!.value, mode.name).toMatchObject({ code: 'USER_FUNCTION_FAILED', isPart: true, rejectedAt: 500 })
    }
  })
})

test('fails the task by default', async () => {
  for (const operator of Object.values(OPERATORS)) {
    await expect(letters(operator('fail'), [left('a', BAD, 4), right('a', 2, 4), endOfInput()])).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      message: expect.stringContaining('thirteen'),
    })
  }
})

test('a retry calls the pair again, and its side outputs are those of the last call', async () => {
  let calls = 0
  const create = operatorOf((lefts, rights) =>
    lefts.intervalJoin(rights, { lower: millis(0), upper: millis(0) }).process(
      'joined',
      {
        sideOutputs: { seen: sideOutput<number>() },
        process(one: Item, other: Item, { sideOutputs }) {
          calls++
          sideOutputs.seen.emit(calls)
          if (calls % 3 !== 0) throw new Error('not yet')
          return [one.number + other.number]
        },
      },
      { onError: { retry: { attempts: 3, otherwise: 'skip' } } },
    ),
  )
  const result = await runCase<Item>({ create, keyOf, sideOutputs: ['lateLeft', 'lateRight', 'seen'] }, ALL_AT_ONCE, [
    left('a', 1, 1),
    right('a', 2, 1),
    right('a', 3, 1),
    endOfInput(),
  ])
  expect(result.sections.flat()).toEqual([emitted(3, 1), emitted(4, 1)])
  expect(result.sideOutputs['seen']).toEqual([emitted(3, 1), emitted(6, 1)])
  expect(result.metrics.valueOf('retriedCalls')).toBe(4)
})

test('a record without a timestamp is one that an interval join cannot take', async () => {
  const found = await letters(OPERATORS['an interval join']!('deadLetter'), [
    left('a', 1, NO_TIMESTAMP),
    right('a', 2, 4),
    left('a', 3, 4),
  ])
  expect(found.map(rawOf)).toEqual([{ key: 'a', number: 1 }])
  expect(found[0]!.value).toMatchObject({ code: 'TIMESTAMP_MISSING', isPart: false })
})

test('a record that no window of a join can take is given up alone, with its gap and its timestamp', async () => {
  const create = operatorOf((lefts, rights) =>
    lefts
      .join(rights)
      .window(
        session((item: Item) => {
          refuse(item.number)
          return millis(5)
        }),
      )
      .process('joined', (one, other) => [[one.number, other.number]], { onError: 'deadLetter' }),
  )
  const input = [
    left('a', 1, 1),
    left('a', BAD, 2),
    right('a', BAD, 2),
    right('a', 2, NO_TIMESTAMP),
    right('a', 3, 3),
    endOfInput(),
  ]
  await operatorHarness<Item, unknown>({ create, keyOf, sideOutputs: SIDES.slice(0, 2) }).verify({
    input,
    expect: [emitted([1, 3], 7)],
    counters: { deadLetters: 3 },
  })
  const found = await letters(create, input)
  expect(found.map(rawOf)).toEqual([BAD, BAD, 2].map((number) => ({ key: 'a', number })))
  expect(found.map(({ value }) => [value.code, value.isPart])).toEqual([
    ['USER_FUNCTION_FAILED', false],
    ['USER_FUNCTION_FAILED', false],
    ['TIMESTAMP_MISSING', false],
  ])
})

test('a co-group that fails gives up one window of one key, with what was in it', async () => {
  const create = (onError: OnError) =>
    operatorOf((lefts, rights) =>
      lefts
        .coGroup(rights)
        .window(session(millis(3)))
        .process(
          'joined',
          (ones, others, { key }) => {
            refuse(...ones.map(({ number }) => number), ...others.map(({ number }) => number))
            return [[key, ones.length, others.length]]
          },
          { onError },
        ),
    )
  const input = [left('a', 1, 1), right('a', BAD, 2), left('b', 1, 1), left('a', 5, 20), endOfInput()]
  await operatorHarness<Item, unknown>({ create: create('skip'), keyOf, sideOutputs: SIDES }).verify({
    input,
    expect: [emitted(['b', 1, 0], 3), emitted(['a', 1, 0], 22)],
    counters: { skippedRecords: 1 },
  })
  const found = await letters(create('deadLetter'), input)
  expect(found.map(rawOf)).toEqual([
    {
      key: 'a',
      window: { start: 1, end: 5 },
      left: [{ key: 'a', number: 1 }],
      right: [{ key: 'a', number: BAD }],
    },
  ])
  expect(found[0]).toMatchObject({ timestamp: 4, value: { isPart: true } })
})

describe('a temporal join under a policy', () => {
  const create = (onError: OnError) =>
    operatorOf((records, versions) =>
      records
        .temporalJoin(versions)
        .process('joined', (record, version) => rowsOf(record.number, version?.number ?? 0), { onError }),
    )
  const input = [left('a', 1, 7), left('a', BAD, 7), left('a', 2, 7), right('a', 5, 6), endOfInput()]

  test('a record that fails holds up none of those that wait for the same time', async () => {
    await operatorHarness<Item, unknown>({ create: create('skip'), keyOf, sideOutputs: SIDES }).verify({
      input,
      expect: [...both(1, 5), ...both(2, 5)].map((row) => emitted(row, 7)),
      order: 'exact',
      counters: { skippedRecords: 1 },
    })
  })

  test('its dead letter is the record, which can be put back', async () => {
    for (const mode of ALL_MODES) {
      const found = await letters(create('deadLetter'), input, mode)
      expect(found.map(rawOf), mode.name).toEqual([{ key: 'a', number: BAD }])
      expect(found[0], mode.name).toMatchObject({ timestamp: 7, value: { isPart: false } })
    }
  })

  test('fails the task when the last attempt has failed, and calls no more often for it', async () => {
    let calls = 0
    const failing = operatorOf((records, versions) =>
      records.temporalJoin(versions).process(
        'joined',
        (): string[] => {
          calls++
          throw new Error('never')
        },
        { onError: { retry: { attempts: 3 } } },
      ),
    )
    await expect(letters(failing, [left('a', 1, 7), endOfInput()])).rejects.toThrow(/never/)
    expect(calls).toBe(3)
  })
})

/** Pairs that fail are as if they had never met. */
test(
  'the results are those of a function that gives nothing where this one throws, and each failure has one letter',
  async () => {
    const isBad = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) % 3 === 0
    const joined = (onError: OnError | undefined, onBad: (numbers: readonly number[]) => void) => {
      const fn = function* (...numbers: readonly number[]) {
        if (onError !== undefined) yield numbers
        if (isBad(numbers)) onBad(numbers)
        else if (onError === undefined) yield numbers
      }
      const options = onError === undefined ? {} : { onError }
      return {
        interval: operatorOf((lefts, rights) =>
          lefts
            .intervalJoin(rights, { lower: { before: millis(4) }, upper: millis(3) })
            .process('joined', (one, other) => fn(one.number, other.number), options),
        ),
        window: operatorOf((lefts, rights) =>
          lefts
            .join(rights)
            .window(tumbling(millis(8)))
            .process('joined', (one, other) => fn(one.number, other.number), options),
        ),
        temporal: operatorOf((lefts, rights) =>
          lefts.temporalJoin(rights).process('joined', (one, version) => fn(one.number, version?.number ?? 0), options),
        ),
      }
    }
    const property = fc.asyncProperty(
      randomSides(8),
      fc.constantFrom('interval' as const, 'window' as const, 'temporal' as const),
      async (input, kind) => {
        let failures = 0
        const plain = joined(undefined, () => failures++)[kind]
        const expected = await runCase<Item>({ create: plain, keyOf, sideOutputs: SIDES }, ALL_AT_ONCE, input)
        const create = joined('deadLetter', () => {
          throw new Error('bad')
        })[kind]
        const harness = operatorHarness<Item, unknown>({ create, keyOf, sideOutputs: SIDES.slice(0, 2) })
        const { sideOutputs } = expected
        await harness.verify({
          input,
          expect: expected.sections.flat(),
          sideOutputs,
          counters: { deadLetters: failures },
        })
        expect(await letters(create, input)).toHaveLength(failures)
      },
    )
    await fc.assert(property, runs(30))
  },
  timeout,
)
