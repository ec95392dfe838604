import fc from 'fast-check'
import { boundedOutOfOrderness, defineJob, minutes } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { hotspots } from 'tidemark/patterns'
import { run } from 'tidemark/run'
import { describe, expect, test } from 'vitest'
import { keyedProcessOperator } from '../../../../core/operators/keyed-process.js'
import type { Operator } from '../../../../core/operators/operator.js'
import type { Hotspot } from '../../../../core/patterns/hotspots/hotspot.js'
import { type IntervalHotspot, intervalHotspots } from '../../../../core/patterns/hotspots/interval-hotspots.js'
import { type HotspotOptions, settingsOf } from '../../../../core/patterns/hotspots/options.js'
import { type RecordHotspot, recordHotspots } from '../../../../core/patterns/hotspots/record-hotspots.js'
import { emitted, endOfInput, type HarnessInput, operatorHarness, record, watermark } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import { linkedTo, type ReferenceRegion, regionOfPoints, regionsOf } from './reference.js'

interface Place {
  readonly key: string
  readonly x: number
  readonly y: number
}

type Axis = 'x' | 'y'

const OPTIONS: HotspotOptions<Place, Axis> = {
  dimensions: { x: ({ x }) => x, y: ({ y }) => y },
  windowSize: 4,
  scanRadius: 1,
  minimumPoints: 2,
}
const EVERY_MS = 10

const settings = (changes: Partial<HotspotOptions<Place, Axis>>) =>
  settingsOf<Place, Axis>({ step: 'hotspots', id: 'busy' }, { ...OPTIONS, ...changes })

function byRecord(changes: Partial<HotspotOptions<Place, Axis>> = {}) {
  return operatorHarness<Place, RecordHotspot<Place, Axis>>({
    create: () => keyedProcessOperator(recordHotspots(settings(changes))) as Operator,
    keyOf: ({ key }) => key,
    sideOutputs: ['late'],
  })
}

function byInterval(changes: Partial<HotspotOptions<Place, Axis>> = {}) {
  return operatorHarness<Place, IntervalHotspot<string, Axis>>({
    create: () => keyedProcessOperator(intervalHotspots(settings(changes), EVERY_MS)) as Operator,
    keyOf: ({ key }) => key,
    sideOutputs: ['late'],
  })
}

const at = (x: number, y: number, key = 'a'): Place => ({ key, x, y })

function box(pointsCount: number, [left, bottom, right, top]: readonly [number, number, number, number]) {
  const size = Math.max(right - left, OPTIONS.scanRadius) * Math.max(top - bottom, OPTIONS.scanRadius)
  return {
    pointsCount,
    density: pointsCount / size,
    minValues: { x: left, y: bottom },
    maxValues: { x: right, y: top },
  }
}

describe('hotspots of each record', () => {
  test('a record has the hotspot that it belongs to, with what was there before it, and no more points than the window', async () => {
    const places = [at(0, 0), at(1, 0), at(9, 9), at(1, 1), at(1, 2), at(5, 5)]
    await byRecord().verify({
      input: [...places.map((place, index) => record(place, index)), endOfInput()],
      expect: [
        emitted({ record: places[0]!, hotspot: undefined }, 0),
        emitted({ record: places[1]!, hotspot: box(2, [0, 0, 1, 0]) }, 1),
        emitted({ record: places[2]!, hotspot: undefined }, 2),
        emitted({ record: places[3]!, hotspot: box(3, [0, 0, 1, 1]) }, 3),
        // The first one has left the window of four.
        emitted({ record: places[4]!, hotspot: box(3, [1, 0, 1, 2]) }, 4),
        emitted({ record: places[5]!, hotspot: undefined }, 5),
      ],
      order: 'exact',
    })
  })

  test('records are taken by event time and kept apart by key, whatever order they come in', async () => {
    await byRecord().verify({
      input: [
        record(at(1, 0), 5),
        record(at(0, 0), 3),
        record(at(0, 0, 'b'), 4),
        watermark(4),
        record(at(1, 1), 6),
        watermark(6),
      ],
      expect: [
        emitted({ record: at(0, 0), hotspot: undefined }, 3),
        emitted({ record: at(0, 0, 'b'), hotspot: undefined }, 4),
        emitted({ record: at(1, 0), hotspot: box(2, [0, 0, 1, 0]) }, 5),
        emitted({ record: at(1, 1), hotspot: box(3, [0, 0, 1, 1]) }, 6),
      ],
    })
  })

  test('a record at or before the watermark is late: it is in no window, and can be had', async () => {
    await byRecord().verify({
      input: [watermark(5), record(at(0, 0), 5), record(at(0, 1), 6), endOfInput()],
      expect: [emitted({ record: at(0, 1), hotspot: undefined }, 6)],
      sideOutputs: { late: [emitted(at(0, 0), 5)] },
      counters: { lateRecords: 1 },
    })
  })
})

describe('hotspots at the end of each interval', () => {
  test('are those of the last N points before it, the one with most points first', async () => {
    await byInterval({ windowSize: 6 }).verify({
      input: [
        ...[at(0, 0), at(0, 1), at(5, 5), at(6, 5), at(7, 5), at(20, 20)].map((place, n) => record(place, n)),
        // This interval has no point, so there is nothing to say at its end.
        watermark(19),
        record(at(0, 0), 29),
        record(at(0, 0), 30),
        endOfInput(),
      ],
      expect: [
        emitted({ key: 'a', end: 10, rank: 1, ...box(3, [5, 5, 7, 5]) }, 9),
        emitted({ key: 'a', end: 10, rank: 2, ...box(2, [0, 0, 0, 1]) }, 9),
        // The oldest point has made room, and the new one stands in its place.
        emitted({ key: 'a', end: 30, rank: 1, ...box(3, [5, 5, 7, 5]) }, 29),
        emitted({ key: 'a', end: 30, rank: 2, ...box(2, [0, 0, 0, 1]) }, 29),
        emitted({ key: 'a', end: 40, rank: 1, ...box(3, [5, 5, 7, 5]) }, 39),
        emitted({ key: 'a', end: 40, rank: 2, ...box(2, [0, 0, 0, 0]) }, 39),
      ],
    })
  })

  test('of an interval that is over by the watermark come no more', async () => {
    await byInterval().verify({
      input: [watermark(8), record(at(0, 0), 2), watermark(9), record(at(0, 1), 9), record(at(0, 1), 10), endOfInput()],
      expect: [emitted({ key: 'a', end: 20, rank: 1, ...box(2, [0, 0, 0, 1]) }, 19)],
      sideOutputs: { late: [emitted(at(0, 1), 9)] },
      counters: { lateRecords: 1 },
    })
  })
})

const KEYS = ['a', 'b', 'c']

interface Move {
  readonly place: Place
  readonly timestamp: number
}

/** In any order that a watermark allows: it is never behind what comes after it. */
const streams = fc
  .array(
    fc.record({
      key: fc.constantFrom(...KEYS),
      x: fc.integer({ min: -4, max: 4 }),
      y: fc.integer({ min: -4, max: 4 }),
      ahead: fc.integer({ min: 1, max: 40 }),
      step: fc.constantFrom(0, 0, 0, 3, 15),
    }),
    { maxLength: 40 },
  )
  .map((all) => {
    let now = -20
    const moves: Move[] = []
    const input: HarnessInput<Place>[] = []
    for (const { key, x, y, ahead, step } of all) {
      if (step > 0) {
        now += step
        input.push(watermark(now))
      }
      const move = { place: { key, x, y }, timestamp: (Math.floor(now / EVERY_MS) + 1) * EVERY_MS + ahead }
      moves.push(move)
      input.push(record(move.place, move.timestamp))
    }
    return { input: [...input, endOfInput()], moves }
  })

/** By time, and of one time by place. */
const inOrder = (a: Move, b: Move): number =>
  a.timestamp - b.timestamp || a.place.x - b.place.x || a.place.y - b.place.y

const pointsOf = (moves: readonly Move[]): number[][] => moves.map(({ place }) => [place.x, place.y])

function hotspotOf({ pointsCount, min, max }: ReferenceRegion): Hotspot<Axis> {
  return box(pointsCount, [min[0]!, min[1]!, max[0]!, max[1]!])
}

const sizes = fc.record({
  windowSize: fc.integer({ min: 3, max: 12 }),
  minimumPoints: fc.integer({ min: 2, max: 3 }),
})

describe('hotspots of any stream are those of plain code', () => {
  test('of each record', async () => {
    await fc.assert(
      fc.asyncProperty(streams, sizes, async ({ input, moves }, { windowSize, minimumPoints }) => {
        const expect = KEYS.flatMap((key) => {
          const own = moves.filter(({ place }) => place.key === key).sort(inOrder)
          return own.map(({ place, timestamp }, index) => {
            const window = pointsOf(own.slice(Math.max(0, index + 1 - windowSize), index + 1))
            const linked = linkedTo(window.length - 1, window, OPTIONS.scanRadius)
            const isHot = linked.length >= minimumPoints
            const hotspot = isHot ? hotspotOf(regionOfPoints(linked.map((one) => window[one]!))) : undefined
            return emitted({ record: place, hotspot }, timestamp)
          })
        })
        await byRecord({ windowSize, minimumPoints }).verify({ input, expect: bySection(input, expect) })
      }),
      runs(200),
    )
  })

  test('at the end of each interval', async () => {
    await fc.assert(
      fc.asyncProperty(streams, sizes, async ({ input, moves }, { windowSize, minimumPoints }) => {
        const expect = KEYS.flatMap((key) => {
          const own = moves.filter(({ place }) => place.key === key).sort(inOrder)
          const ends = [...new Set(own.map(({ timestamp }) => (Math.floor(timestamp / EVERY_MS) + 1) * EVERY_MS))]
          return ends.flatMap((end) => {
            const window = pointsOf(own.filter(({ timestamp }) => timestamp < end).slice(-windowSize))
            return regionsOf(window, { radius: OPTIONS.scanRadius, minimumPoints })
              .sort(mostFirst)
              .map((region, index) => emitted({ key, end, rank: index + 1, ...hotspotOf(region) }, end - 1))
          })
        })
        await byInterval({ windowSize, minimumPoints }).verify({ input, expect: bySection(input, expect) })
      }),
      runs(200),
    )
  })
})

function mostFirst(a: ReferenceRegion, b: ReferenceRegion): number {
  const [one, other] = [
    [-a.pointsCount, ...a.min, ...a.max],
    [-b.pointsCount, ...b.min, ...b.max],
  ] as const
  const different = one.findIndex((value, index) => value !== other[index])
  return different < 0 ? 0 : one[different]! - other[different]!
}

/** Rows in the order of the watermarks that cause them, as the harness compares them. */
function bySection<R extends { readonly timestamp: number }>(
  input: readonly HarnessInput<Place>[],
  rows: readonly R[],
) {
  const watermarks = input.flatMap((one) => (one.kind === 'watermark' ? [one.timestamp] : []))
  const sectionOf = ({ timestamp }: R): number => {
    const section = watermarks.findIndex((one) => one >= timestamp)
    return section < 0 ? watermarks.length : section
  }
  return [...rows].sort((a, b) => sectionOf(a) - sectionOf(b))
}

describe('a stream piped into hotspots', () => {
  const trips = [at(0, 0), at(0.5, 0), at(0.9, 0), at(50, 50)]

  test('gives them with the names of the dimensions', async () => {
    const rows: IntervalHotspot<string, Axis>[] = []
    const job = defineJob('busy', (builder) => {
      builder
        .from('places', collection(trips), boundedOutOfOrderness({ timestamp: () => 0, maxDelay: minutes(1) }))
        .keyBy(({ key }) => key)
        .pipe(hotspots('busy', { ...OPTIONS, every: minutes(1) }))
        .to('out', collectInto(rows))
    })
    await (await run(job)).result
    expect(rows).toEqual([
      {
        key: 'a',
        end: 60_000,
        rank: 1,
        pointsCount: 3,
        density: 3,
        minValues: { x: 0, y: 0 },
        maxValues: { x: 0.9, y: 0 },
      },
    ])
  })

  test('fails at a point that has no place, naming dimension, step and record', async () => {
    const job = defineJob('busy', (builder) => {
      builder
        .from(
          'places',
          collection([at(0, 0), at(Number.NaN, 1)]),
          boundedOutOfOrderness({ timestamp: () => 0, maxDelay: minutes(1) }),
        )
        .keyBy(({ key }) => key)
        .pipe(hotspots('busy', OPTIONS))
        .to('out', collectInto<RecordHotspot<Place, Axis>>([]))
    })
    await expect(run(job).then(({ result }) => result)).rejects.toMatchObject({
      code: 'PATTERN_VALUE_INVALID',
      message: expect.stringMatching(/hotspots 'busy': expected dimension 'x' to give a number.* found NaN/),
    })
  })

  test.each<[object, RegExp]>([
    [{ windowSize: 1 }, /expected windowSize to be a whole number from 2 to 100000, found 1/],
    [{ minimumPoints: 5 }, /expected minimumPoints to be a whole number from 2 to 4, found 5/],
    [{ scanRadius: 0 }, /expected scanRadius to be a finite number above 0, found 0/],
    [{ dimensions: {} }, /expected 1 to 8 dimensions, found 0/],
    [{ dimensions: { x: 'x' } }, /expected dimension 'x' to be a function/],
    [{ every: { ms: 0 } }, /expected every to be a positive number of whole milliseconds/],
    [{ windowsize: 4 }, /there is no option 'windowsize'.*windowSize/],
  ])('refuses %j', (changes, message) => {
    expect(() => hotspots('busy', { ...OPTIONS, ...changes })).toThrow(message)
  })
})
