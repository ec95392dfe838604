import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_TIMESTAMP } from '../../../core/element.js'
import { millis, seconds } from '../../../core/index.js'
import { type Change, type RateOfChangeOptions, rateOfChange } from '../../../core/patterns/index.js'
import { type Emitted, emitted, endOfInput, watermark } from '../../harness/index.js'
import { runs } from '../../setup/runs.js'
import { byKey, byTime, type Item, inOrder, item, patternHarness, randomItems, refusal } from './under-test.js'

const rating = (options: Partial<RateOfChangeOptions<Item>> = {}) =>
  patternHarness<Change<string, Item>>(
    (keyed) => keyed.pipe(rateOfChange('under-test', { of: ({ number }) => number, ...options })),
    ['late'],
  )

const change = (
  key: string,
  number: number,
  timestamp: number,
  [difference, elapsedMs, rate]: [number, number, number],
) => emitted({ key, record: { key, number }, difference, elapsedMs, rate }, timestamp)

describe('rateOfChange', () => {
  test('compares records of a key in the order of event time, whatever that of their arrival', async () => {
    await rating().verify({
      input: [
        item('a', 7, 3000),
        item('b', 5, 1000),
        item('a', 1, 1000),
        item('a', 3, 2000),
        item('b', 0, 1500),
        endOfInput(),
      ],
      expect: [
        change('b', 0, 1500, [-5, 500, -10]),
        change('a', 3, 2000, [2, 1000, 2]),
        change('a', 7, 3000, [4, 1000, 4]),
      ],
    })
  })

  test('waits until the watermark reaches a record; what is at or before it is late', async () => {
    await rating({ per: millis(1) }).verify({
      input: [
        item('a', 1, 10),
        watermark(9),
        item('a', 5, 20),
        watermark(20),
        item('a', 9, 20),
        item('a', 6, 21),
        endOfInput(),
      ],
      expect: [change('a', 5, 20, [4, 10, 0.4]), change('a', 6, 21, [1, 1, 1])],
      sideOutputs: { late: [emitted({ key: 'a', number: 9 }, 20)] },
      counters: { lateRecords: 1 },
    })
  })

  test('takes of several records with one timestamp the one that came last, and counts the others', async () => {
    await rating({ per: millis(1) }).verify({
      input: [item('a', 1, 10), item('a', 2, 20), item('a', 3, 20), item('a', 4, 20), endOfInput()],
      expect: [change('a', 4, 20, [3, 10, 0.3])],
      counters: { replacedRecords: 2 },
    })
  })

  test('begins anew behind a gap, and forgets the key', async () => {
    await rating({ per: seconds(1), maxGap: millis(100) }).verify({
      input: [
        item('a', 1, 0),
        item('a', 2, 100),
        item('a', 4, 201),
        item('a', 5, 211),
        item('a', 6, 500),
        watermark(600),
        item('a', 7, 601),
        endOfInput(),
      ],
      expect: [change('a', 2, 100, [1, 100, 10]), change('a', 5, 211, [1, 10, 100])],
    })
  })

  test('refuses a value that has no difference, and a record without a timestamp', async () => {
    const failing = (of: (value: Item) => unknown, timestamp = 1) =>
      rating({ of: of as () => number }).verify({ input: [item('a', 1, timestamp), endOfInput()], expect: [] })
    await expect(failing(() => Number.NaN)).rejects.toMatchObject({
      code: 'PATTERN_VALUE_INVALID',
      operatorId: 'under-test',
      message: expect.stringMatching(/expected of to give a finite number, found NaN.*timestamp 1/),
    })
    await expect(failing(() => '1')).rejects.toMatchObject({ message: expect.stringContaining('found a string') })
    await expect(failing(async () => 1)).rejects.toMatchObject({ message: expect.stringContaining('mapAsync') })
    await expect(failing(({ number }) => number, NO_TIMESTAMP)).rejects.toMatchObject({ code: 'TIMESTAMP_MISSING' })
  })

  test('says which option cannot work', () => {
    const of = (options: unknown) => refusal(() => rateOfChange('rate', options as RateOfChangeOptions<Item>))
    expect(of({})).toBe(
      "GRAPH_STEP_INVALID rateOfChange 'rate': expected of to be a function of a record, found undefined",
    )
    expect(of({ of: () => 1, per: millis(0) })).toContain('expected per to be a positive number')
    expect(of({ of: () => 1, maxGap: null })).toContain('expected maxGap to be a positive number')
    expect(of({ of: () => 1, gap: millis(1) })).toMatch(/^OPTION_INVALID .*no option 'gap'/)
  })
})

test('rateOfChange over random streams is what the sorted records of each key give', async () => {
  const cases = fc.tuple(randomItems({ span: 15, numbers: 9 }), fc.constantFrom(1, 8, 1_000_000))
  const property = fc.asyncProperty(cases, async ([input, maxGap]) => {
    const { late, onTime } = inOrder(input)
    let replaced = 0
    const rows = byKey(onTime).flatMap(([key, records]) => {
      const counted = records.filter(({ timestamp }, index) => records[index + 1]?.timestamp !== timestamp)
      replaced += records.length - counted.length
      return counted.flatMap(({ value, timestamp }, index): Emitted<Change<string, Item>>[] => {
        const before = counted[index - 1]
        if (before === undefined || timestamp - before.timestamp > maxGap) return []
        const elapsed = timestamp - before.timestamp
        const difference = value.number - before.value.number
        return [change(key, value.number, timestamp, [difference, elapsed, (difference / elapsed) * 1000])]
      })
    })
    await rating({ maxGap: millis(maxGap) }).verify({
      input,
      expect: byTime(rows),
      sideOutputs: { late },
      counters: { lateRecords: late.length, replacedRecords: replaced },
    })
  })
  await fc.assert(property, runs(200))
})
