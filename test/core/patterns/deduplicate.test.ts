import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_TIMESTAMP } from '../../../core/element.js'
import { millis } from '../../../core/index.js'
import { type DeduplicateOptions, deduplicate } from '../../../core/patterns/index.js'
import { type Emitted, emitted, endOfInput, type HarnessInput, watermark } from '../../harness/index.js'
import { runs } from '../../setup/runs.js'
import { type Item, item, patternHarness, randomItems, recordsOf, refusal, row } from './under-test.js'

const deduplicating = (options: DeduplicateOptions) =>
  patternHarness<Item>((keyed) => keyed.pipe(deduplicate('under-test', options)), ['duplicates', 'late'])

const out = (key: string, number: number, timestamp: number) => emitted({ key, number }, timestamp)

describe('deduplicate', () => {
  test('lets the first of a key through at once, and no other that is near it in event time', async () => {
    await deduplicating({ within: millis(10) }).verify({
      input: [
        item('a', 1, 100),
        item('a', 2, 109),
        item('b', 3, 100),
        item('a', 4, 91),
        item('a', 5, 110),
        item('a', 6, 90),
      ],
      expect: [out('a', 1, 100), out('b', 3, 100), out('a', 5, 110), out('a', 6, 90)],
      order: 'exact',
      sideOutputs: { duplicates: [out('a', 2, 109), out('a', 4, 91)] },
      counters: { duplicates: 2, lateRecords: 0 },
    })
  })

  test('compares with what went on, not with other duplicates', async () => {
    await deduplicating({ within: millis(10) }).verify({
      input: [item('a', 1, 100), item('a', 2, 108), item('a', 3, 116)],
      expect: [out('a', 1, 100), out('a', 3, 116)],
      sideOutputs: { duplicates: [out('a', 2, 108)] },
    })
  })

  test('calls a record at or before the watermark late, unless lateness is allowed', async () => {
    const input = [watermark(100), item('a', 1, 100), item('a', 2, 96), item('a', 3, 95), endOfInput()]
    await deduplicating({ within: millis(2) }).verify({
      input,
      expect: [],
      sideOutputs: { late: [out('a', 1, 100), out('a', 2, 96), out('a', 3, 95)] },
      counters: { lateRecords: 3 },
    })
    await deduplicating({ within: millis(2), allowedLateness: millis(5) }).verify({
      input,
      expect: [out('a', 1, 100), out('a', 2, 96)],
      sideOutputs: { late: [out('a', 3, 95)] },
      counters: { lateRecords: 1 },
    })
  })

  test('remembers a record as long as one that is near it may come', async () => {
    await deduplicating({ within: millis(10), allowedLateness: millis(5) }).verify({
      input: [item('a', 1, 100), watermark(113), item('a', 2, 109), watermark(114), item('a', 3, 110)],
      expect: [out('a', 1, 100), out('a', 3, 110)],
      sideOutputs: { duplicates: [out('a', 2, 109)] },
    })
  })

  test('refuses a record without a timestamp, naming the step', async () => {
    const verified = deduplicating({ within: millis(10) }).verify({ input: [item('a', 1, NO_TIMESTAMP)], expect: [] })
    await expect(verified).rejects.toMatchObject({
      code: 'TIMESTAMP_MISSING',
      operatorId: 'under-test',
      message: expect.stringContaining("deduplicate 'under-test'"),
    })
  })

  test('says which option cannot work', () => {
    const of = (options: unknown) => refusal(() => deduplicate('unique', options as DeduplicateOptions))
    expect(of(undefined)).toBe("GRAPH_STEP_INVALID deduplicate 'unique': expected an object of options")
    expect(of({})).toMatch(/^GRAPH_STEP_INVALID deduplicate 'unique': expected within to be a positive number of whole/)
    expect(of({ within: millis(0) })).toContain('found 0ms')
    expect(of({ within: millis(1.5) })).toContain('found 1.5ms')
    expect(of({ within: 5 })).toContain('such as minutes(5), found 5')
    expect(of({ within: millis(1), allowedLateness: 5 })).toContain('expected allowedLateness to be whole milliseconds')
    expect(of({ within: millis(1), withn: 1 })).toMatch(
      /^OPTION_INVALID deduplicate 'unique': there is no option 'withn'/,
    )
    expect(refusal(() => deduplicate('unique', { within: millis(1) })({} as never))).toBe(
      "GRAPH_STEP_INVALID deduplicate 'unique': expected a keyed stream: stream.keyBy((value) => ...).pipe(deduplicate('unique', ...))",
    )
  })
})

/** Every record against all that have gone on, none of which is ever forgotten. */
function plainly(input: readonly HarnessInput<Item>[], withinMs: number, latenessMs: number) {
  const through: Emitted<Item>[] = []
  const duplicates: Emitted<Item>[] = []
  const late: Emitted<Item>[] = []
  for (const one of recordsOf(input)) {
    const isNear = ({ value, timestamp }: Emitted<Item>) =>
      value.key === one.value.key && Math.abs(timestamp - one.timestamp) < withinMs
    if (one.timestamp <= one.watermark - latenessMs) late.push(row(one))
    else if (through.some(isNear)) duplicates.push(row(one))
    else through.push(row(one))
  }
  return { through, duplicates, late }
}

test('deduplicate over random streams is what comparing with everything gives', async () => {
  const cases = fc.tuple(randomItems({ span: 15 }), fc.integer({ min: 1, max: 20 }), fc.constantFrom(0, 0, 3, 12))
  const property = fc.asyncProperty(cases, async ([input, withinMs, latenessMs]) => {
    const { through, duplicates, late } = plainly(input, withinMs, latenessMs)
    await deduplicating({ within: millis(withinMs), allowedLateness: millis(latenessMs) }).verify({
      input,
      expect: through,
      order: 'exact',
      sideOutputs: { duplicates, late },
      counters: { duplicates: duplicates.length, lateRecords: late.length },
    })
  })
  await fc.assert(property, runs(200))
})
