import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectInto, collection } from '../../../connectors/collection/index.js'
import { count, defineJob, distinct, max, millis, monotonous, type Stream } from '../../../core/index.js'
import { sessionFeatures } from '../../../core/patterns/index.js'
import { run } from '../../../runtime/index.js'
import { type Emitted, emitted, endOfInput, watermark } from '../../harness/index.js'
import { runs } from '../../setup/runs.js'
import { byKey, byTime, type Item, inOrder, item, patternHarness, randomItems, refusal } from './under-test.js'

const GAP = 10

interface Row {
  readonly key: string
  readonly count: { readonly count: number; readonly startedAt: number; readonly endedAt: number }
}

/** The step that keeps state: its rows have what the next step lays out flat under `count`. */
const keeping = (latenessMs = 0) =>
  patternHarness<Row>(
    (keyed) =>
      keyed.pipe(
        sessionFeatures('under-test', {
          gap: millis(GAP),
          allowedLateness: millis(latenessMs),
          features: { largest: max((one: Item) => one.number) },
        }),
      ) as unknown as Stream<Row>,
    ['late'],
  )

function session(key: string, times: readonly number[], largest: number): Emitted<Row> {
  const startedAt = Math.min(...times)
  const endedAt = Math.max(...times)
  const durationMs = endedAt - startedAt
  const features = {
    count: times.length,
    startedAt,
    endedAt,
    durationMs,
    meanGapMs: times.length === 1 ? undefined : durationMs / (times.length - 1),
  }
  const value = { key, window: { start: startedAt, end: endedAt + GAP }, largest, count: features }
  return emitted(value as Row, endedAt + GAP - 1)
}

describe('sessionFeatures', () => {
  test('describes each session of a key: how many records, from when to when, how far apart', async () => {
    await keeping().verify({
      input: [
        item('a', 5, 8),
        item('a', 1, 0),
        item('b', 2, 3),
        item('a', 3, 18),
        item('a', 4, 29),
        watermark(27),
        watermark(40),
      ],
      expect: [session('b', [3], 2), session('a', [0, 8, 18], 5), session('a', [29], 4)],
    })
  })

  test('a record exactly a gap behind the last is of its session, unless the watermark has just closed that', async () => {
    await keeping().verify({
      input: [item('a', 1, 0), watermark(8), item('a', 2, 10), watermark(19), item('a', 3, 20), endOfInput()],
      expect: [session('a', [0, 10], 2), session('a', [20], 3)],
    })
  })

  test('a late record that is allowed gives the row again, and one that is not goes to late', async () => {
    await keeping(5).verify({
      input: [
        item('a', 1, 0),
        watermark(9),
        item('a', 2, 4),
        watermark(14),
        item('a', 3, 5),
        watermark(25),
        item('a', 4, 6),
        endOfInput(),
      ],
      expect: [session('a', [0], 1), session('a', [0, 4], 2), session('a', [0, 4, 5], 3)],
      sideOutputs: { late: [emitted({ key: 'a', number: 4 }, 6)] },
      counters: { lateRecords: 1 },
    })
  })

  test('lays the features out in one row, beside those that are asked for', async () => {
    const rows: unknown[] = []
    const late: unknown[] = []
    const hits = [
      { visitor: 'v', page: '/a', at: 0 },
      { visitor: 'v', page: '/b', at: 4 },
      { visitor: 'v', page: '/a', at: 10 },
    ]
    const job = defineJob('visits', (builder) => {
      const visits = builder
        .from('hits', collection(hits), monotonous({ timestamp: ({ at }) => at }))
        .keyBy(({ visitor }) => visitor)
        .pipe(
          sessionFeatures('visits', {
            gap: millis(10),
            features: { pages: distinct((hit) => hit.page), all: count() },
          }),
        )
      visits.to('out', collectInto(rows))
      visits.late.to('late', collectInto<unknown>(late))
    })
    await (await run(job)).result
    expect(rows).toEqual([
      {
        key: 'v',
        window: { start: 0, end: 20 },
        count: 3,
        startedAt: 0,
        endedAt: 10,
        durationMs: 10,
        meanGapMs: 5,
        pages: ['/a', '/b'],
        all: 3,
      },
    ])
    expect(late).toEqual([])
  })

  test('says which option cannot work', () => {
    const of = (options: unknown) =>
      refusal(() => sessionFeatures('visits', options as { gap: ReturnType<typeof millis> }))
    expect(of({})).toMatch(/^GRAPH_STEP_INVALID sessionFeatures 'visits': expected gap to be a positive number/)
    expect(of({ gap: millis(1), allowedLateness: 1 })).toContain('expected allowedLateness to be whole milliseconds')
    expect(of({ gap: millis(1), features: 1 })).toContain('expected features to be aggregates by name')
    expect(of({ gap: millis(1), features: { key: count() } })).toContain("a feature cannot be called 'key'")
    expect(of({ gap: millis(1), features: { meanGapMs: count() } })).toContain("a feature cannot be called 'meanGapMs'")
    expect(of({ gap: millis(1), features: { pages: 1 } })).toContain("expected feature 'pages' to be an aggregate")
    expect(of({ gap: millis(1), aggregates: {} })).toMatch(/^OPTION_INVALID .*no option 'aggregates'/)
    expect(refusal(() => sessionFeatures('visits', { gap: millis(1) })({} as never))).toContain(
      'expected a keyed stream',
    )
  })
})

test('sessionFeatures over random streams is what the sorted records of each key give', async () => {
  // Nothing is late: then a session has no part that came when another had been given.
  const property = fc.asyncProperty(randomItems({ span: 25 }), async (random) => {
    const onTime = new Set(inOrder(random).onTime.map(({ value }) => value))
    const input = random.filter((element) => element.kind !== 'record' || onTime.has(element.value))
    const rows = byKey(inOrder(input).onTime).flatMap(([key, records]) => {
      const sessions: { times: number[]; largest: number }[] = []
      for (const { value, timestamp, watermark: before } of records) {
        const open = sessions.at(-1)
        const end = open === undefined ? Number.NEGATIVE_INFINITY : (open.times.at(-1) as number) + GAP
        // What comes exactly a gap later is in time, but the watermark just before it has closed the session.
        if (open !== undefined && timestamp <= end && before < end - 1) {
          open.times.push(timestamp)
          open.largest = Math.max(open.largest, value.number)
        } else sessions.push({ times: [timestamp], largest: value.number })
      }
      return sessions.map(({ times, largest }) => session(key, times, largest))
    })
    await keeping().verify({ input, expect: byTime(rows), counters: { lateRecords: 0 } })
  })
  await fc.assert(property, runs(200))
})
