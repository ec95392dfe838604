import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { NO_TIMESTAMP } from '../../../../core/element.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import {
  afterCount,
  counted,
  type Evictor,
  eachRecord,
  eventTime,
  global,
  keepLast,
  keepNear,
  keepWithin,
  purging,
  session,
  sliding,
  tumbling,
  type WindowRecord,
} from '../../../../core/window/index.js'
import { type Emitted, emitted, endOfInput, type HarnessInput, watermark } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import type { Reading, Row } from './model.js'
import { at, randomInput, rowOf, VALUES, type WindowCase, windowHarness } from './window-harness.js'

const CONTENTS = ['aggregate', 'process'] as const
const fired = (start: number, end: number, ...values: number[]) =>
  emitted<Row>({ key: 'a', start, end, values }, end - 1)
const whole = (...values: number[]) => emitted(rowOf('a', { global: true }, values), Number.POSITIVE_INFINITY)
const tens = (evictor: Evictor<Reading>, more: Partial<WindowCase> = {}) =>
  windowHarness({ assigner: tumbling(millis(10)), evictor, ...more })

/** Keeps the even ones. */
const even: Evictor<Reading> = {
  kind: 'even',
  before: (records) => records.filter(({ value }) => value.value % 2 === 0),
}

describe.each(CONTENTS)('an evictor of windows with %s', (contents) => {
  test('keeps the records that came last', async () => {
    await tens(keepLast(2), { contents }).verify({
      input: [at(7, 1), at(3, 2), at(5, 3), watermark(9)],
      expect: [fired(0, 10, 2, 3)],
      counters: { evictedRecords: 1 },
    })
  })

  test('keeps the records that are less than a duration older than the newest', async () => {
    await tens(keepWithin(millis(4)), { contents }).verify({
      input: [at(7, 1), at(3, 2), at(4, 3), watermark(9)],
      expect: [fired(0, 10, 1, 3)],
    })
  })

  test('keeps the records that are near to the one that came last', async () => {
    const near = keepNear<Reading>(3, (reading, last) => Math.abs(reading.value - last.value))
    await tens(near, { contents }).verify({
      input: [at(1, 1), at(2, 9), at(3, 3), at(4, 4), watermark(9)],
      expect: [fired(0, 10, 3, 4)],
    })
  })

  test('takes away for good: a window that fires again does not have what was evicted', async () => {
    await tens(even, { contents, latenessMs: 10 }).verify({
      input: [at(1, 1), at(2, 2), watermark(9), at(3, 4)],
      expect: [fired(0, 10, 2), fired(0, 10, 2, 4)],
      counters: { evictedRecords: 1 },
    })
  })

  test('may do so after the function had the records', async () => {
    await tens(keepLast(1, { when: 'after' }), { contents, latenessMs: 10 }).verify({
      input: [at(1, 1), at(2, 2), watermark(9), at(3, 3)],
      expect: [fired(0, 10, 1, 2), fired(0, 10, 2, 3)],
    })
  })

  test('that keeps nothing gives no result, and the window goes on empty', async () => {
    await tens(even, { contents, latenessMs: 10 }).verify({
      input: [at(1, 1), watermark(9), at(2, 2)],
      expect: [fired(0, 10, 2)],
    })
  })

  test('of a global window makes windows by count that slide', async () => {
    await windowHarness({ assigner: global(), trigger: afterCount(2), evictor: keepLast(3), contents }).verify({
      input: [1, 2, 3, 4, 5, 6].map((value) => at(value, value)),
      expect: [whole(1, 2), whole(2, 3, 4), whole(4, 5, 6)],
      order: 'exact',
    })
  })

  test('sees the records of merged sessions, one part after the other', async () => {
    await windowHarness({ assigner: session(millis(3)), evictor: keepLast(2), contents }).verify({
      input: [at(6, 1), at(1, 2), at(3, 3), watermark(20)],
      expect: [fired(1, 9, 1, 3)],
    })
  })

  test('of sliding windows is of each window for itself', async () => {
    await windowHarness({ assigner: sliding(millis(4), millis(2)), evictor: keepLast(1), contents }).verify({
      input: [at(1, 1), at(2, 2), endOfInput()],
      expect: [fired(-2, 2, 1), fired(0, 4, 2), fired(2, 6, 2)],
    })
  })

  test('does not meet what a purge has dropped', async () => {
    const trigger = purging(eachRecord())
    await tens(keepLast(5), { contents, trigger }).verify({
      input: [at(1, 1), at(2, 2)],
      expect: [fired(0, 10, 1), fired(0, 10, 2)],
    })
  })
})

describe('an evictor of your own', () => {
  test('gets the records as they came, the window, the watermark and the clock', async () => {
    const seen: unknown[] = []
    const spying: Evictor<Reading> = {
      kind: 'spying',
      before(records, window, { watermark: reached, processingTime }) {
        seen.push([records.map(({ value, timestamp }) => [value.value, timestamp]), window, reached, processingTime])
        return records
      },
    }
    await tens(spying, { startAt: 77 }).verify({
      input: [at(5, 1), at(2, 2), watermark(12)],
      expect: [fired(0, 10, 1, 2)],
    })
    expect(new Set(seen.map((call) => JSON.stringify(call)))).toEqual(
      new Set([
        JSON.stringify([
          [
            [1, 5],
            [2, 2],
          ],
          { start: 0, end: 10 },
          12,
          77,
        ]),
      ]),
    )
  })

  test('that returns no array fails the job, naming it', async () => {
    const wrong = { kind: 'wrong', before: () => undefined } as unknown as Evictor
    await expect(tens(wrong).verify({ input: [at(1, 1), watermark(9)], expect: [] })).rejects.toThrow(
      'expected the evictor wrong to return the records that stay',
    )
  })

  test('that throws fails the job, naming the window', async () => {
    const before = (): never => {
      throw new Error('as the test wants it')
    }
    await expect(
      tens({ kind: 'throwing', before }).verify({ input: [at(1, 1), watermark(9)], expect: [] }),
    ).rejects.toThrow(/window \[0, 10\).*as the test wants it/)
  })
})

test('records without timestamps all stay within any time', () => {
  const records: readonly WindowRecord<number>[] = [{ value: 1, timestamp: NO_TIMESTAMP }]
  expect(keepWithin(millis(1)).before?.(records, { global: true }, { watermark: 0, processingTime: 0 })).toEqual(
    records,
  )
})

test.each([
  () => keepLast(0),
  () => keepLast(1.5),
  () => keepWithin(millis(0)),
  () => keepNear(Number.NaN, () => 0),
  () => keepNear(1, undefined as never),
  () => keepLast(1, { when: 'during' as never }),
])('an evictor that cannot work is refused: %s', (make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'EVICTOR_INVALID' }))
})

test('counted windows take no evictor', () => {
  const contents = { kind: 'aggregate', aggregate: VALUES, shape: rowOf } as const
  expect(() => windowOperator({ assigner: counted(2), allowedLatenessMs: 0, contents, evictor: keepLast(1) })).toThrow(
    'takes no evictor',
  )
})

/** The slow way: every window has all of its records in a list. */
function plain(
  input: readonly HarnessInput<Reading>[],
  size: number,
  keep: (records: Kept[]) => Kept[],
  isAfter: boolean,
) {
  const rows: Emitted<Row>[] = []
  const windows = new Map<string, Kept[]>()
  let reached = Number.NEGATIVE_INFINITY
  const fire = (id: string): void => {
    const records = windows.get(id) ?? []
    const [key, start] = JSON.parse(id) as [string, number]
    const kept = keep(records)
    windows.set(id, kept)
    const values = (isAfter ? records : kept).map(({ value }) => value).sort((left, right) => left - right)
    if (values.length > 0) rows.push(emitted({ key, start, end: start + size, values }, start + size - 1))
  }
  for (const element of input) {
    if (element.kind === 'record') {
      const { value, timestamp } = element
      const start = Math.floor(timestamp / size) * size
      const id = JSON.stringify([value.key, start])
      windows.set(id, [...(windows.get(id) ?? []), { value: value.value, timestamp }])
      if (start + size - 1 <= reached) fire(id)
    } else if (element.kind !== 'processingTime') {
      const previous = reached
      reached = element.kind === 'end' ? Number.POSITIVE_INFINITY : Math.max(reached, element.timestamp)
      for (const id of windows.keys()) {
        const last = (JSON.parse(id) as [string, number])[1] + size - 1
        if (last > previous && last <= reached) fire(id)
      }
    }
  }
  return rows
}

interface Kept {
  readonly value: number
  readonly timestamp: number
}

test('evictors over random streams give what a plain computation over all records gives', async () => {
  const cases = fc.record({
    size: fc.integer({ min: 1, max: 12 }),
    limit: fc.integer({ min: 1, max: 4 }),
    kind: fc.constantFrom('last' as const, 'within' as const, 'near' as const),
    when: fc.constantFrom('before' as const, 'after' as const),
    contents: fc.constantFrom(...CONTENTS),
    isDefault: fc.boolean(),
    input: randomInput(15),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ size, limit, kind, when, contents, isDefault, input }) => {
      const evictor: Evictor<Reading> = {
        last: keepLast(limit, { when }),
        within: keepWithin(millis(limit), { when }),
        near: keepNear<Reading>(limit, (left, right) => Math.abs(left.value - right.value), { when }),
      }[kind]
      const keep = (records: Kept[]): Kept[] => {
        if (kind === 'last') return records.slice(Math.max(0, records.length - limit))
        const newest = Math.max(...records.map(({ timestamp }) => timestamp))
        const last = records[records.length - 1]?.value ?? 0
        return records.filter(({ value, timestamp }) =>
          kind === 'within' ? newest - timestamp < limit : Math.abs(value - last) < limit,
        )
      }
      await windowHarness({
        assigner: tumbling(millis(size)),
        latenessMs: Number.POSITIVE_INFINITY,
        evictor,
        contents,
        ...(isDefault ? {} : { trigger: Object.freeze({ ...eventTime(), kind: 'sameAsDefault()' }) }),
      }).verify({ input, expect: plain(input, size, keep, when === 'after') })
    }),
    runs(200),
  )
})
