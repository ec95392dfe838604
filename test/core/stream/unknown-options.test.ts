import { expect, test } from 'vitest'
import {
  count,
  hours,
  type JobBuilder,
  minutes,
  noWatermarks,
  type StepOptions,
  type Stream,
  tumbling,
} from '../../../core/index.js'
import { errorOf, graphOf, type Reading, sink, sourceOf } from './job-parts.js'

type Parts = {
  readonly job: JobBuilder<object>
  readonly one: Stream<Reading>
  /** What a JavaScript caller gives, or one who has spread it in. */
  readonly options: StepOptions
}

const keyOf = ({ sensor }: Reading): string => sensor
const keyed = ({ one }: Parts) => one.keyBy(keyOf)
const windows = (parts: Parts) => keyed(parts).window(tumbling(hours(1)))
const none = (): readonly Reading[] => []
const broadcast = ({ job }: Parts) => job.from('rules', sourceOf()).broadcast({})
const onBroadcast = { onRecord: none, onBroadcast: () => undefined }

const STEPS: readonly (readonly [string, (parts: Parts) => Stream<unknown> | undefined])[] = [
  ["source 'other'", ({ job, one, options }) => one.union(job.from('other', sourceOf(), noWatermarks(), options))],
  ['map', ({ one, options }) => one.map((reading) => reading, options)],
  ['filter', ({ one, options }) => one.filter(() => true, options)],
  ['flatMap', ({ one, options }) => one.flatMap(none, options)],
  ['split', ({ one, options }) => one.split({ high: () => true }, options).high],
  ["mapAsync 'step'", ({ one, options }) => one.mapAsync('step', async (reading) => reading, options)],
  ["process 'step'", ({ one, options }) => one.process('step', none, options)],
  ["sink 'out'", ({ one, options }) => void one.to('out', sink(), options)],
  ["process 'step'", (parts) => keyed(parts).process('step', { process: none }, parts.options)],
  ["reduce 'step'", (parts) => keyed(parts).reduce('step', (left) => left, parts.options)],
  ["window 'step'", (parts) => windows(parts).aggregate('step', { n: count() }, parts.options)],
  ["window 'step'", (parts) => windows(parts).aggregate('step', { n: count() }, () => [], parts.options)],
  ["window 'step'", (parts) => windows(parts).reduce('step', (left) => left, parts.options)],
  ["window 'step'", (parts) => windows(parts).process('step', none, parts.options)],
  [
    "join 'step'",
    (parts) =>
      keyed(parts)
        .join(keyed(parts))
        .window(tumbling(hours(1)))
        .process('step', none, parts.options),
  ],
  [
    "intervalJoin 'step'",
    (parts) =>
      keyed(parts)
        .intervalJoin(keyed(parts), { lower: minutes(0), upper: minutes(5) })
        .process('step', none, parts.options),
  ],
  ["temporalJoin 'step'", (parts) => keyed(parts).temporalJoin(keyed(parts)).process('step', none, parts.options)],
  [
    "process 'step'",
    (parts) => keyed(parts).connect(keyed(parts)).process('step', { onLeft: none, onRight: none }, parts.options),
  ],
  ["process 'step'", (parts) => parts.one.connect(broadcast(parts)).process('step', onBroadcast, parts.options)],
  ["process 'step'", (parts) => keyed(parts).connect(broadcast(parts)).process('step', onBroadcast, parts.options)],
]

function built(step: (parts: Parts) => Stream<unknown> | undefined, options: object): () => unknown {
  return () =>
    graphOf((job) => {
      const one = job.from('one', sourceOf())
      step({ job, one, options })?.to('made', sink())
    })
}

test.each(STEPS)('%s refuses what is no object of options, before it reads one', (where, step) => {
  for (const [options, found] of [
    [null, 'null'],
    [5, 'number'],
  ] as const) {
    // What a JavaScript caller gives.
    expect(errorOf(built(step, options as unknown as object))).toMatchObject({
      code: 'OPTION_INVALID',
      message: `${where}: expected an object of options, found ${found}`,
    })
  }
})

test('keyBy, which has an option of its own, refuses others too', () => {
  const by = (options: object) =>
    built(({ one }) => one.keyBy(keyOf, options).process('step', { process: none }), options)
  expect(by({ onError: 'skip' })).not.toThrow()
  expect(errorOf(by({ onErorr: 'skip' }))).toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(/^keyBy: there is no option 'onErorr'.*'onError'/),
  })
  expect(errorOf(by(null as unknown as object))).toMatchObject({
    code: 'OPTION_INVALID',
    message: 'keyBy: expected an object of options, found null',
  })
})

test('bounds of an interval join are known by their names', () => {
  const joined = (more: object) =>
    built((parts) => {
      const bounds = { lower: minutes(0), upper: minutes(5), ...more }
      return keyed(parts).intervalJoin(keyed(parts), bounds).process('step', none)
    }, {})
  expect(joined({ upperExclusive: true })).not.toThrow()
  expect(errorOf(joined({ uperExclusive: true }))).toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(/^intervalJoin 'step': there is no option 'uperExclusive'.*'upperExclusive'/),
  })
})

test.each(STEPS)('%s refuses an option that it does not have, and says which was meant', (where, step) => {
  expect(built(step, { parallelism: 2 })).not.toThrow()
  expect(errorOf(built(step, { parallelism: 2, chaning: 'new' }))).toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringMatching(new RegExp(`^${where}: there is no option 'chaning'.*'chaining'`)),
  })
})
