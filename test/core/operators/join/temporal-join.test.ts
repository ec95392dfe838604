import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_TIMESTAMP } from '../../../../core/element.js'
import { sideOutput } from '../../../../core/index.js'
import {
  ALL_AT_ONCE,
  type Emitted,
  emitted,
  endOfInput,
  type HarnessInput,
  ONE_BY_ONE,
  operatorHarness,
  watermark,
} from '../../../harness/index.js'
import { runCase } from '../../../harness/run-case.js'
import { runs } from '../../../setup/runs.js'
import { operatorOf } from './operator-of.js'
import { type Item, left, randomSides, right } from './two-sides.js'

const enriching = () =>
  operatorHarness<Item, unknown>({
    create: operatorOf((records, versions) =>
      records
        .temporalJoin(versions)
        .process('joined', ({ number }, version, { key, versionTimestamp }) => [
          [key, number, version?.number, versionTimestamp],
        ]),
    ),
    keyOf: ({ key }) => key,
    sideOutputs: ['lateLeft', 'lateRight'],
  })

describe('a temporal join', () => {
  test('gives a record the newest version at its event time, whatever came later or before it', async () => {
    await enriching().verify({
      input: [
        left('a', 1, 7),
        right('a', 50, 5),
        right('a', 70, 7),
        right('a', 80, 8),
        left('a', 2, 6),
        left('a', 3, 100),
        endOfInput(),
      ],
      expect: [emitted(['a', 2, 50, 5], 6), emitted(['a', 1, 70, 7], 7), emitted(['a', 3, 80, 8], 100)],
      order: 'exact',
    })
  })

  test('gives undefined where the key has no version yet', async () => {
    await enriching().verify({
      input: [right('a', 50, 5), left('b', 1, 6), left('a', 2, 4), endOfInput()],
      expect: [emitted(['b', 1, undefined, undefined], 6), emitted(['a', 2, undefined, undefined], 4)],
    })
  })

  test('waits until the watermark has reached the record', async () => {
    await enriching().verify({
      input: [right('a', 50, 5), left('a', 1, 10), watermark(9), right('a', 90, 10), watermark(10), watermark(11)],
      expect: [emitted(['a', 1, 90, 10], 10)],
    })
  })

  test('keeps the version that holds, however old it is', async () => {
    await enriching().verify({
      input: [
        right('a', 50, 5),
        watermark(1000),
        left('a', 1, 1001),
        right('a', 2000, 2000),
        watermark(1500),
        left('a', 2, 1999),
        left('a', 3, 2000),
        endOfInput(),
      ],
      expect: [emitted(['a', 1, 50, 5], 1001), emitted(['a', 2, 50, 5], 1999), emitted(['a', 3, 2000, 2000], 2000)],
    })
  })

  test('takes of two versions with one timestamp the one that came last', async () => {
    await enriching().verify({
      input: [right('a', 1, 5), right('a', 2, 5), left('a', 9, 5), endOfInput()],
      expect: [emitted(['a', 9, 2, 5], 5)],
    })
  })

  test('calls a record or version at or before the watermark late', async () => {
    await enriching().verify({
      input: [right('a', 1, 5), watermark(10), left('a', 9, 10), right('a', 2, 10), left('a', 8, 11), endOfInput()],
      expect: [emitted(['a', 8, 1, 5], 11)],
      sideOutputs: {
        lateLeft: [emitted({ key: 'a', number: 9 }, 10)],
        lateRight: [emitted({ key: 'a', number: 2 }, 10)],
      },
      counters: { lateRecords: 2 },
    })
  })

  test('has side outputs and a life cycle, and names its step in errors', async () => {
    const closed: string[] = []
    const options = {
      create: operatorOf((records, versions) =>
        records.temporalJoin(versions).process('joined', {
          sideOutputs: { unknown: sideOutput<number>() },
          open: () => 'opened',
          *process({ number }, version, ctx, opened) {
            if (number < 0) throw new Error('no')
            if (version === undefined) ctx.sideOutputs.unknown.emit(number)
            yield opened
            yield ctx.watermark
          },
          close: (opened) => void closed.push(opened),
        }),
      ),
      keyOf: ({ key }: Item) => key,
    }
    await operatorHarness<Item, unknown>({ ...options, sideOutputs: ['lateLeft', 'lateRight', 'unknown'] }).verify({
      input: [left('a', 3, 5), right('a', 1, 6), left('a', 4, 7), watermark(20)],
      expect: [emitted('opened', 5), emitted(20, 5), emitted('opened', 7), emitted(20, 7)],
      sideOutputs: { unknown: [emitted(3, 5)] },
    })
    expect(closed.length).toBeGreaterThan(0)
    const failing = operatorHarness<Item, unknown>({ ...options, modes: [ONE_BY_ONE] })
    const verified = failing.verify({ input: [left('a', -1, 5), endOfInput()], expect: [] })
    await expect(verified).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      // Not its timer, of which the user knows nothing.
      message: expect.stringContaining('joined: process threw at timestamp 5: no'),
    })
    const untimed = failing.verify({ input: [right('a', 1, NO_TIMESTAMP)], expect: [] })
    await expect(untimed).rejects.toMatchObject({ code: 'TIMESTAMP_MISSING' })
  })
})

interface Timed {
  readonly value: Item
  readonly timestamp: number
}

/** Every record against all versions of the stream, those that were not late. */
function plainly(input: readonly HarnessInput<Item>[]) {
  let now = Number.NEGATIVE_INFINITY
  const sides: [records: Timed[], versions: Timed[]] = [[], []]
  const late: [Emitted<Item>[], Emitted<Item>[]] = [[], []]
  for (const element of input) {
    if (element.kind === 'watermark') now = Math.max(now, element.timestamp)
    if (element.kind !== 'record') continue
    const { value, timestamp } = element
    const of = element.input === 0 ? 0 : 1
    if (timestamp <= now) late[of].push(emitted(value, timestamp))
    else sides[of].push({ value, timestamp })
  }
  const [records, versions] = sides
  const rows = records.map(({ value: { key, number }, timestamp }) => {
    let newest: Timed | undefined
    for (const version of versions) {
      if (version.value.key !== key || version.timestamp > timestamp) continue
      if (newest === undefined || version.timestamp >= newest.timestamp) newest = version
    }
    return emitted<unknown>([key, number, newest?.value.number, newest?.timestamp], timestamp)
  })
  return { rows: rows.sort((one, other) => one.timestamp - other.timestamp), late }
}

test('a temporal join over random streams is what a plain computation over all records gives', {}, async () => {
  const property = fc.asyncProperty(randomSides(15), async (input) => {
    const { rows, late } = plainly(input)
    await enriching().verify({
      input,
      expect: rows,
      sideOutputs: { lateLeft: late[0], lateRight: late[1] },
      counters: { lateRecords: late[0].length + late[1].length },
    })
  })
  await fc.assert(property, runs(200))
})

test('a temporal join takes many records of one key and time: each costs the same, not as much as all before it', async () => {
  // With a list that is copied for each it takes a minute.
  const numbers = Array.from({ length: 40_000 }, (_, number) => number)
  const create = operatorOf((records, versions) =>
    records.temporalJoin(versions).process('joined', ({ number }) => [number]),
  )
  const options = { create, keyOf: ({ key }: Item) => key, sideOutputs: ['lateLeft', 'lateRight'] }
  const input = [...numbers.map((number) => left('a', number, 5)), watermark(5), endOfInput()]
  const { sections } = await runCase<Item>(options, ALL_AT_ONCE, input)
  expect(sections.flat()).toEqual(numbers.map((number) => emitted(number, 5)))
})
