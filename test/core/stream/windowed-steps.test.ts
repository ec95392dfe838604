import { describe, expect, test } from 'vitest'
import { count, type JobBuilder, millis, session, sideOutput, sum, tumbling } from '../../../core/index.js'
import { emitted, operatorHarness, record, watermark } from '../../harness/index.js'
import { errorOf, graphOf, type Reading, sink, sourceOf } from './job-parts.js'

/** The node that a job's only window became, in the harness. */
function windowOf(build: (job: JobBuilder<object>) => void, sideOutputs: readonly string[]) {
  const node = graphOf(build).nodes.find((node) => node.id === 'windows')
  if (node?.kind !== 'operator') throw new Error('the job has no step called windows')
  expect(node.sideOutputs).toEqual(sideOutputs)
  return operatorHarness<Reading, unknown>({ create: node.create, keyOf: (reading) => reading.sensor, sideOutputs })
}

const windows = (job: JobBuilder<object>) =>
  job
    .from('in', sourceOf())
    .keyBy((reading) => reading.sensor)
    .window(tumbling(millis(10)))

const input = [
  record({ sensor: 'a', value: 1 }, 1),
  record({ sensor: 'a', value: 2 }, 9),
  record({ sensor: 'b', value: 5 }, 3),
  watermark(9),
  record({ sensor: 'a', value: 9 }, 4),
]
const window = { start: 0, end: 10 }
const late = { late: [emitted({ sensor: 'a', value: 9 }, 4)] }

describe('steps of a windowed stream', () => {
  test('aggregate and reduce say what a session replaces where that is asked for', async () => {
    const keyed = (job: JobBuilder<object>) =>
      job
        .from('in', sourceOf())
        .keyBy((reading) => reading.sensor)
        .window(session(millis(10)))
        .allowedLateness(millis(20))
    const one = { sensor: 'a', value: 1 }
    const two = { sensor: 'a', value: 2 }
    const grown = [record(one, 0), watermark(9), record(two, 5), watermark(14)]
    const short = { key: 'a', window: { start: 0, end: 10 } }
    const long = { key: 'a', window: { start: 0, end: 15 }, replaces: [{ start: 0, end: 10 }] }
    await windowOf(
      (job) => keyed(job).aggregate('windows', { n: count() }, { replaces: true }).to('out', sink()),
      ['late'],
    ).verify({ input: grown, expect: [emitted({ ...short, n: 1, replaces: [] }, 9), emitted({ ...long, n: 2 }, 14)] })
    await windowOf(
      (job) =>
        keyed(job)
          .reduce('windows', (_left, right) => right, { replaces: true })
          .to('out', sink()),
      ['late'],
    ).verify({
      input: grown,
      expect: [emitted({ ...short, value: one, replaces: [] }, 9), emitted({ ...long, value: two }, 14)],
    })
    const build = (job: JobBuilder<object>) =>
      keyed(job).aggregate('windows', { replaces: count() }, { replaces: true })
    expect(errorOf(() => graphOf(build))).toMatchObject({ code: 'GRAPH_STEP_INVALID' })
  })

  test('aggregate gives rows of key, window and results', async () => {
    const build = (job: JobBuilder<object>) =>
      windows(job)
        .aggregate('windows', { n: count(), total: sum((reading) => reading.value) })
        .to('out', sink())
    await windowOf(build, ['late']).verify({
      input,
      expect: [emitted({ key: 'a', window, n: 2, total: 3 }, 9), emitted({ key: 'b', window, n: 1, total: 5 }, 9)],
      sideOutputs: late,
    })
  })

  test('reduce gives rows of key, window and value', async () => {
    const build = (job: JobBuilder<object>) =>
      windows(job)
        .reduce('windows', (a, b) => ({ sensor: a.sensor, value: a.value * 10 + b.value }))
        .to('out', sink())
    await windowOf(build, ['late']).verify({
      input,
      expect: [
        emitted({ key: 'a', window, value: { sensor: 'a', value: 12 } }, 9),
        emitted({ key: 'b', window, value: { sensor: 'b', value: 5 } }, 9),
      ],
      sideOutputs: late,
    })
  })

  test('process sees all values, key and window, what open returned, and side outputs', async () => {
    const build = (job: JobBuilder<object>) =>
      windows(job)
        .process('windows', {
          sideOutputs: { sizes: sideOutput<number>() },
          open: async () => 100,
          *process(values, ctx, factor) {
            ctx.sideOutputs.sizes.emit(values.length)
            for (const reading of values) yield `${ctx.key}@${ctx.window.end} ${reading.value * factor}`
          },
        })
        .to('out', sink())
    await windowOf(build, ['late', 'sizes']).verify({
      input,
      expect: [emitted('a@10 100', 9), emitted('a@10 200', 9), emitted('b@10 500', 9)],
      sideOutputs: { ...late, sizes: [emitted(2, 9), emitted(1, 9)] },
    })
  })

  test('an aggregate called key is refused, from JavaScript too', () => {
    const build = () =>
      graphOf((job) => {
        const stream = windows(job)
        Reflect.apply(stream.aggregate, stream, ['windows', { key: count() }])
      })
    expect(errorOf(build)).toMatchObject({ code: 'GRAPH_STEP_INVALID', operatorId: 'windows' })
  })
})
