import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_TIMESTAMP } from '../../../core/element.js'
import { millis } from '../../../core/index.js'
import { type Absence, type AbsenceOptions, absence } from '../../../core/patterns/index.js'
import { type Emitted, emitted, endOfInput, type HarnessInput, processingTime, watermark } from '../../harness/index.js'
import { runs } from '../../setup/runs.js'
import { byTime, type Item, item, patternHarness, randomItems, refusal } from './under-test.js'

const missing = (options: Partial<AbsenceOptions> = {}) =>
  patternHarness<Absence<string, Item>>(
    (keyed) => keyed.pipe(absence('under-test', { within: millis(10), ...options })),
    ['late'],
  )

const absent = (key: string, number: number, lastAt: number, withinMs = 10) =>
  emitted({ key, last: { key, number }, lastAt, absentAt: lastAt + withinMs }, lastAt + withinMs)

describe('absence', () => {
  test('says once that no record of a key has come, and again after it has come back', async () => {
    await missing().verify({
      input: [
        item('a', 1, 0),
        item('b', 2, 5),
        watermark(12),
        item('b', 3, 14),
        watermark(40),
        item('a', 4, 41),
        watermark(60),
      ],
      expect: [absent('a', 1, 0), absent('b', 3, 14), absent('a', 4, 41)],
    })
  })

  test('takes a record that comes exactly at the end as in time, and one behind it as too late', async () => {
    await missing().verify({
      input: [item('a', 1, 0), item('a', 2, 10), item('b', 1, 0), item('b', 2, 11), watermark(19)],
      expect: [absent('b', 1, 0)],
    })
  })

  test('sees the gap between two records that had both come before the watermark did', async () => {
    await missing().verify({
      input: [item('a', 1, 0), item('a', 3, 30), item('a', 2, 5), item('a', 4, 41), watermark(100)],
      expect: [absent('a', 2, 5), absent('a', 3, 30), absent('a', 4, 41)],
    })
  })

  test('counts from the newest record, in whatever order they come', async () => {
    await missing().verify({
      input: [item('a', 2, 8), item('a', 1, 3), watermark(17), item('a', 3, 9), watermark(18), watermark(19)],
      expect: [absent('a', 3, 9)],
    })
  })

  test('a late record is a sign of life while the time that it opens is not over', async () => {
    await missing().verify({
      input: [
        item('a', 1, 0),
        watermark(9),
        item('a', 2, 5),
        watermark(14),
        item('b', 1, 4),
        item('b', 2, 5),
        watermark(16),
      ],
      expect: [absent('a', 2, 5), absent('b', 2, 5)],
      sideOutputs: { late: [emitted({ key: 'b', number: 1 }, 4)] },
      counters: { lateRecords: 1 },
    })
  })

  test('at the end of the input reports every key that is waited for, or none', async () => {
    const input = [item('a', 1, 0), item('b', 1, 5), watermark(11), endOfInput()]
    await missing().verify({ input, expect: [absent('a', 1, 0), absent('b', 1, 5)] })
    await missing({ atEndOfInput: 'ignore' }).verify({ input, expect: [absent('a', 1, 0)] })
  })

  test('by the wall clock goes on while nothing comes, and needs no timestamps', async () => {
    const found = (number: number, lastAt: number) =>
      emitted({ key: 'a', last: { key: 'a', number }, lastAt, absentAt: lastAt + 10 }, NO_TIMESTAMP)
    await missing({ time: 'processing' }).verify({
      input: [
        processingTime(100),
        item('a', 1, NO_TIMESTAMP),
        processingTime(105),
        item('a', 2, 3),
        processingTime(114),
        processingTime(115),
        item('a', 3, 1),
        processingTime(200),
      ],
      expect: [found(2, 105), found(3, 115)],
    })
  })

  test('refuses a record without a timestamp, and says which option cannot work', async () => {
    const verified = missing().verify({ input: [item('a', 1, NO_TIMESTAMP)], expect: [] })
    await expect(verified).rejects.toMatchObject({ code: 'TIMESTAMP_MISSING', operatorId: 'under-test' })
    const of = (options: unknown) => refusal(() => absence('silent', options as AbsenceOptions))
    expect(of({})).toMatch(/^GRAPH_STEP_INVALID absence 'silent': expected within to be a positive number/)
    expect(of({ within: millis(1), time: 'wall' })).toContain('expected time to be one of event, processing, found')
    expect(of({ within: millis(1), atEndOfInput: true })).toContain('atEndOfInput to be one of report, ignore')
    expect(of({ within: millis(1), after: 1 })).toMatch(/^OPTION_INVALID .*no option 'after'/)
  })
})

/** Each record against all others: whether one follows in time that had come when the time was over. */
function plainly(input: readonly HarnessInput<Item>[], withinMs: number) {
  const rows: Emitted<Absence<string, Item>>[] = []
  const late: Emitted<Item>[] = []
  let waiting: Emitted<Item>[] = []
  const known: Emitted<Item>[] = []
  let now = Number.NEGATIVE_INFINITY
  for (const element of input) {
    if (element.kind === 'record') {
      const { value, timestamp } = element
      if (timestamp + withinMs <= now) {
        late.push(emitted(value, timestamp))
        continue
      }
      waiting = waiting.filter((one) => one.value.key !== value.key || one.timestamp !== timestamp)
      waiting.push(emitted(value, timestamp))
      known.push(emitted(value, timestamp))
      continue
    }
    now = element.kind === 'watermark' ? Math.max(now, element.timestamp) : Number.POSITIVE_INFINITY
    for (const { value, timestamp } of waiting.filter((one) => one.timestamp + withinMs <= now)) {
      const isFollowed = known.some(
        (other) =>
          other.value.key === value.key && other.timestamp > timestamp && other.timestamp <= timestamp + withinMs,
      )
      if (!isFollowed) rows.push(absent(value.key, value.number, timestamp, withinMs))
    }
    waiting = waiting.filter(({ timestamp }) => timestamp + withinMs > now)
  }
  return { rows, late }
}

test('absence over random streams is what every record beside all others gives', async () => {
  const cases = fc.tuple(randomItems({ span: 15 }), fc.integer({ min: 1, max: 25 }))
  const property = fc.asyncProperty(cases, async ([input, withinMs]) => {
    const { rows, late } = plainly(input, withinMs)
    await missing({ within: millis(withinMs) }).verify({
      input,
      expect: byTime(rows),
      sideOutputs: { late },
      counters: { lateRecords: late.length },
    })
  })
  await fc.assert(property, runs(200))
})
