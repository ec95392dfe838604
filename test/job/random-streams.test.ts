import fc from 'fast-check'
import { boundedOutOfOrderness, count, defineJob, millis, type Stream, sum, tumbling } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { expect, test } from 'vitest'
import { runs } from '../setup/runs.js'
import { testJob } from '../testing.js'

interface Reading {
  readonly at: number
  readonly value: number
}

type Spread = (stream: Stream<Reading>) => Stream<Reading>

const SPREADS: Readonly<Record<string, Spread>> = {
  none: (stream) => stream,
  rebalance: (stream) => stream.rebalance(),
  rescale: (stream) => stream.rescale(),
  replicate: (stream) => stream.replicate(),
  partitionBy: (stream) =>
    stream.partitionBy(
      ({ value }) => value,
      (value, subtasks) => value % subtasks,
    ),
}

const SIZE_MS = 10
/** Further apart than any two readings: nothing is late. */
const byTime = boundedOutOfOrderness<Reading>({ timestamp: ({ at }) => at, maxDelay: millis(100), maxSkew: false })

/** Two streams as one, spread over the subtasks; each reading, and windows over all of them. */
const spreadJob = (spread: Spread) =>
  defineJob('spread', (builder) => {
    const one = builder.from('one', collection<Reading>([]), byTime)
    const other = builder.from('other', collection<Reading>([]), byTime)
    const all = spread(one.union(other)).map(({ at, value }) => ({ at, value: value + 1 }))
    all.to('readings', collectInto<Reading>([]))
    const windows = all.windowAll(tumbling(millis(SIZE_MS)))
    windows
      .aggregate('windows', { readings: count(), total: sum(({ value }) => value) })
      .to('rows', collectInto<unknown>([]))
  })

const splits = fc.array(fc.array(fc.record({ at: fc.nat(60), value: fc.nat(9) }), { maxLength: 8 }), {
  minLength: 1,
  maxLength: 3,
})
const cases = fc.record({
  one: splits,
  other: splits,
  parallelism: fc.integer({ min: 1, max: 4 }),
  spread: fc.constantFrom(...Object.keys(SPREADS)),
})

const byText = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

test('streams that are united, spread and put into windows over all of them have each record of every split once', async () => {
  const property = fc.asyncProperty(cases, async ({ one, other, parallelism, spread }) => {
    const job = spreadJob(SPREADS[spread] as Spread)
    const run = await testJob(job, { sources: { one: { splits: one }, other: { splits: other } }, parallelism })
    await run.finish()

    const each = [...one, ...other].flat().map(({ at, value }) => ({ at, value: value + 1 }))
    const all = spread === 'replicate' ? each.flatMap((reading) => new Array<Reading>(parallelism).fill(reading)) : each
    expect(byText(run.results('readings'))).toEqual(byText(all))
    const starts = new Set(all.map(({ at }) => at - (at % SIZE_MS)))
    const windows = [...starts].map((start) => {
      const own = all.filter(({ at }) => at >= start && at < start + SIZE_MS)
      const window = { start, end: start + SIZE_MS }
      return { key: 'all', window, readings: own.length, total: own.reduce((total, { value }) => total + value, 0) }
    })
    expect(byText(run.results('rows'))).toEqual(byText(windows))
  })
  await fc.assert(property, runs(200))
})
