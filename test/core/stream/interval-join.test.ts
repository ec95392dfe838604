import { describe, expect, test } from 'vitest'
import { collectInto, collection } from '../../../connectors/collection/index.js'
import {
  defineJob,
  explain,
  hours,
  type IntervalBounds,
  type JobBuilder,
  millis,
  minutes,
  sideOutput,
} from '../../../core/index.js'

const sink = collectInto<unknown>([])
const keyed = (job: JobBuilder<unknown>, id: string) => job.from(id, collection([1])).keyBy((n) => n)
const joined = (bounds: IntervalBounds) =>
  defineJob('join', (job) => {
    keyed(job, 'a')
      .intervalJoin(keyed(job, 'b'), bounds)
      .process('near', (left, right) => [left + right])
      .to('out', sink)
  })
const labelOf = (bounds: IntervalBounds) =>
  joined(bounds)
    .build({})
    .nodes.find(({ id }) => id === 'near')?.label

describe('an interval join in the graph', () => {
  test('reads both by key, and has its bounds in its label', () => {
    const job = defineJob('join', (builder) => {
      const near = keyed(builder, 'a')
        .intervalJoin(keyed(builder, 'b'), { lower: { before: minutes(5) }, upper: hours(1) })
        .process('near', { sideOutputs: { far: sideOutput<string>() }, process: () => [1] }, { parallelism: 2 })
      near.to('out', sink)
      near.lateLeft.union(near.lateRight).to('late', sink)
      near.far.to('far', sink)
    })
    expect(job.build({}).nodes.find(({ id }) => id === 'near')).toMatchObject({
      label: 'intervalJoin(-5m, 1h).process',
      parallelism: 2,
      sideOutputs: ['lateLeft', 'lateRight', 'far'],
      inputs: [
        { partitioning: 'hash', input: 0 },
        { partitioning: 'hash', input: 1 },
      ],
    })
    expect(explain(job)).toContain('intervalJoin(-5m, 1h).process')
  })

  test('has exclusive bounds by option', () => {
    const bounds = { lower: millis(5), upper: millis(9) }
    expect(labelOf(bounds)).toBe('intervalJoin(5ms, 9ms).process')
    expect(labelOf({ ...bounds, lowerExclusive: true })).toBe('intervalJoin(6ms, 9ms).process')
    expect(labelOf({ ...bounds, lowerExclusive: true, upperExclusive: true })).toBe('intervalJoin(6ms, 8ms).process')
    expect(labelOf({ lower: { before: millis(0) }, upper: millis(0) })).toBe('intervalJoin(0ms, 0ms).process')
  })
})

describe('refused when the graph is built, naming the id', () => {
  // JavaScript callers are not stopped by the compiler.
  const never = (value: unknown) => value as never

  test.each<[string, RegExp, () => unknown]>([
    [
      'bounds that leave no time between them',
      /intervalJoin 'near': no time lies between its bounds, from 1m to 59999ms/,
      () => labelOf({ lower: minutes(1), upper: minutes(1), upperExclusive: true }),
    ],
    ['a bound that is no duration', /'near': expected upper/, () => labelOf({ lower: minutes(1), upper: never(5) })],
    [
      'half a millisecond',
      /'near': expected lower to be whole/,
      () => labelOf({ lower: millis(0.5), upper: hours(1) }),
    ],
    ['no bounds', /'near': expected lower/, () => labelOf(never(undefined))],
    [
      'a stream without a key',
      /intervalJoin: expected a keyed stream/,
      () =>
        defineJob('join', (job) => {
          keyed(job, 'a').intervalJoin(never(job.from('b', collection([1]))), { lower: minutes(0), upper: minutes(1) })
        }).build({}),
    ],
    [
      'no function',
      /process 'near' of an interval join: expected a function/,
      () =>
        defineJob('join', (job) => {
          keyed(job, 'a')
            .intervalJoin(keyed(job, 'b'), { lower: minutes(0), upper: minutes(1) })
            .process('near', never(undefined))
        }).build({}),
    ],
    [
      'a side output that is called like one of its own',
      /lateLeft/,
      () =>
        defineJob('join', (job) => {
          keyed(job, 'a')
            .intervalJoin(keyed(job, 'b'), { lower: minutes(0), upper: minutes(1) })
            .process('near', { sideOutputs: { lateLeft: sideOutput<string>() }, process: () => [] })
        }).build({}),
    ],
  ])('%s', (_name, message, build) => {
    expect(build).toThrow(message)
  })
})
