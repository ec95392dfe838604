import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minutes } from '../../../../core/duration.js'
import { Batch, NO_TIMESTAMP } from '../../../../core/element.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import { toInternalKey } from '../../../../core/state/key-codec.js'
import { count } from '../../../../core/window/aggregates/index.js'
import { afterCount, counted } from '../../../../core/window/index.js'
import { type Emitted, emitted, endOfInput, type HarnessInput, watermark } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import { openAlone } from '../alone.js'
import type { Reading, Row } from './model.js'
import { at, randomInput, rowOf, VALUES, windowHarness } from './window-harness.js'

const fired = (start: number, newest: number, ...values: number[]) =>
  emitted<Row>({ key: 'a', start, end: newest + 1, values }, newest)

describe('a counted window', () => {
  test('fires with the record that completes it, and the next one begins', async () => {
    await windowHarness({ assigner: counted(2) }).verify({
      input: [at(1, 1), at(2, 2), at(3, 3), at(4, 4), at(5, 5)],
      expect: [fired(1, 2, 1, 2), fired(3, 4, 3, 4)],
      order: 'exact',
    })
  })

  test('counts the records of each key for itself', async () => {
    await windowHarness({ assigner: counted(2) }).verify({
      input: [at(1, 1), at(2, 2, 'b'), at(3, 3)],
      expect: [fired(1, 3, 1, 3)],
    })
  })

  test('takes records as they come, and has the times of the oldest and the newest as bounds', async () => {
    await windowHarness({ assigner: counted(3) }).verify({
      input: [at(7, 1), watermark(5), at(9, 2), at(2, 3)],
      expect: [fired(2, 9, 1, 2, 3)],
      sideOutputs: { late: [] },
    })
  })

  test('of records without timestamps gives results without one', async () => {
    await windowHarness({ assigner: counted(2) }).verify({
      input: [at(NO_TIMESTAMP, 1), at(NO_TIMESTAMP, 2)],
      expect: [emitted<Row>({ key: 'a', start: NO_TIMESTAMP, end: NO_TIMESTAMP, values: [1, 2] }, NO_TIMESTAMP)],
    })
  })

  test('with a slide fires each so many records with the last ones, at the beginning with as many as there are', async () => {
    await windowHarness({ assigner: counted(4, { slide: 2 }) }).verify({
      input: [1, 2, 3, 4, 5, 6, 7].map((value) => at(value, value)),
      expect: [fired(1, 2, 1, 2), fired(1, 4, 1, 2, 3, 4), fired(3, 6, 3, 4, 5, 6)],
      order: 'exact',
    })
  })

  test('with a slide larger than its size leaves out what comes between, and counts it', async () => {
    await windowHarness({ assigner: counted(1, { slide: 3 }) }).verify({
      input: [1, 2, 3, 4, 5, 6, 7, 8].map((value) => at(value, value)),
      expect: [fired(3, 3, 3), fired(6, 6, 6)],
      counters: { recordsInNoWindow: 6 },
    })
  })

  test('that is not complete fires when the input ends, unless nothing came since the last one', async () => {
    await windowHarness({ assigner: counted(2) }).verify({
      input: [at(1, 1), at(2, 2), at(3, 3), at(4, 4, 'b'), at(5, 5, 'b'), endOfInput()],
      expect: [fired(1, 2, 1, 2), emitted({ key: 'b', start: 4, end: 6, values: [4, 5] }, 5), fired(3, 3, 3)],
    })
    await windowHarness({ assigner: counted(3, { slide: 2 }) }).verify({
      input: [at(1, 1), at(2, 2), endOfInput()],
      expect: [fired(1, 2, 1, 2)],
    })
  })

  test("that is not complete when the input ends is dropped with rest 'drop', and its records are counted", async () => {
    await windowHarness({ assigner: counted(3, { rest: 'drop' }) }).verify({
      input: [at(1, 1), at(2, 2), endOfInput()],
      expect: [],
      counters: { recordsInNoWindow: 2 },
    })
  })

  test('of a slide that does not divide it is stored with as many parts as it has records', async () => {
    const records = 150_000
    const operator = windowOperator({
      assigner: counted(2 * records, { slide: 2 * records - 1 }),
      allowedLatenessMs: 0,
      contents: { kind: 'aggregate', aggregate: count(), shape: (_key, _window, n) => n },
    })
    const instance = await openAlone(operator)
    const ofEach = <V>(value: V): V[] => new Array<V>(records).fill(value)
    await instance.send(new Batch(ofEach(0), ofEach(1), ofEach(toInternalKey('a')), ofEach(0)), 0)
    expect((await instance.begin('savepoint')).complete().objects.length).toBeGreaterThan(0)
    await instance.close()
  })

  test.each([0, -1, 1.5, Number.NaN])('of %s records is refused', (size) => {
    expect(() => counted(size)).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID' }))
    expect(() => counted(2, { slide: size })).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID' }))
  })

  test('takes neither a trigger nor an allowed lateness', () => {
    const contents = { kind: 'aggregate', aggregate: VALUES, shape: rowOf } as const
    const spec = { assigner: counted(2), allowedLatenessMs: 0, contents }
    expect(() => windowOperator({ ...spec, trigger: afterCount(2) })).toThrow('it fires by its count')
    expect(() => windowOperator({ ...spec, allowedLatenessMs: minutes(1).ms })).toThrow('nothing is late for it')
  })
})

/** The slow way: all records of a key in a list. */
function plain(input: readonly HarnessInput<Reading>[], size: number, slide: number, emitsRest: boolean) {
  const rows: Emitted<Row>[] = []
  let outside = 0
  const byKey = new Map<string, { readonly value: number; readonly timestamp: number }[]>()
  const fire = (key: string, records: readonly { readonly value: number; readonly timestamp: number }[]): void => {
    const times = records.map(({ timestamp }) => timestamp)
    const newest = Math.max(...times)
    const values = records.map(({ value }) => value).sort((left, right) => left - right)
    rows.push(emitted({ key, start: Math.min(...times), end: newest + 1, values }, newest))
  }
  for (const element of input) {
    if (element.kind !== 'record') continue
    const { key, value } = element.value
    const records = byKey.get(key) ?? []
    byKey.set(key, records)
    records.push({ value, timestamp: element.timestamp })
    if (records.length % slide === 0) fire(key, records.slice(-size))
  }
  for (const [key, records] of byKey) {
    const passed = records.length % slide
    outside += Math.floor(records.length / slide) * Math.max(0, slide - size)
    const rest = passed - Math.max(0, slide - size)
    outside += Math.min(passed, Math.max(0, slide - size))
    if (rest <= 0) continue
    if (!emitsRest) outside += rest
    else fire(key, slide < size ? records.slice(-(passed + size - slide)) : records.slice(-rest))
  }
  return { rows, outside }
}

describe('counted windows over random streams', () => {
  test('are what a plain computation over all records gives', async () => {
    const cases = fc.record({
      size: fc.integer({ min: 1, max: 7 }),
      slide: fc.integer({ min: 1, max: 7 }),
      rest: fc.constantFrom('emit' as const, 'drop' as const),
      contents: fc.constantFrom('aggregate' as const, 'process' as const),
      input: randomInput(15),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, slide, rest, contents, input }) => {
        const expected = plain(input, size, slide, rest === 'emit')
        await windowHarness({ assigner: counted(size, { slide, rest }), contents }).verify({
          input,
          expect: expected.rows,
          sideOutputs: { late: [] },
          counters: { lateRecords: 0, recordsInNoWindow: expected.outside },
        })
      }),
      runs(200),
    )
  })
})
