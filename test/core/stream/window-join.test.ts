import { describe, expect, test } from 'vitest'
import { collectInto, collection } from '../../../connectors/collection/index.js'
import {
  afterCount,
  defineJob,
  explain,
  hours,
  type JobBuilder,
  minutes,
  never as neverFires,
  session,
  tumbling,
} from '../../../core/index.js'

const sink = collectInto<unknown>([])
const keyed = (job: JobBuilder<unknown>, id: string) => job.from(id, collection([1])).keyBy((n) => n)

describe('a window join in the graph', () => {
  const job = defineJob('join', (builder) => {
    const left = keyed(builder, 'a')
    const right = keyed(builder, 'b')
    left
      .join(right)
      .window(tumbling(hours(1)))
      .allowedLateness(minutes(5))
      .process('pairs', (one, other) => [one + other], { parallelism: 2 })
      .to('out', sink)
    left
      .coGroup(right)
      .window(tumbling(hours(1)))
      .trigger(afterCount(3))
      .process('groups', (ones, others) => [ones.length + others.length])
      .to('grouped', sink)
  })

  test('reads both by key, and says what it does', () => {
    expect(job.build({}).nodes.find(({ id }) => id === 'pairs')).toMatchObject({
      label: 'join.tumbling(1h).process',
      details: 'allowed lateness 5m',
      parallelism: 2,
      sideOutputs: ['lateLeft', 'lateRight'],
      inputs: [
        { partitioning: 'hash', input: 0 },
        { partitioning: 'hash', input: 1 },
      ],
    })
    expect(explain(job)).toContain('coGroup.tumbling(1h).afterCount(3).process')
  })
})

describe('refused when the graph is built', () => {
  // JavaScript callers are not stopped by the compiler.
  const never = (value: unknown) => value as never
  const built = (build: (job: JobBuilder<unknown>) => unknown) => () =>
    defineJob('join', (job) => void build(job)).build({})
  const joined = (job: JobBuilder<unknown>) => keyed(job, 'a').join(keyed(job, 'b'))

  test.each<[string, RegExp, () => unknown]>([
    [
      'a stream without a key',
      /coGroup: expected a keyed stream/,
      built((job) => keyed(job, 'a').coGroup(never(job.from('b', collection([1]))))),
    ],
    ['no windows', /join: expected windows/, built((job) => joined(job).window(never('1h')))],
    [
      'no trigger',
      /expected a trigger/,
      built((job) =>
        joined(job)
          .window(tumbling(hours(1)))
          .trigger(never(3)),
      ),
    ],
    [
      'a lateness that is no duration',
      /expected a duration/,
      built((job) =>
        joined(job)
          .window(tumbling(hours(1)))
          .allowedLateness(never(3)),
      ),
    ],
    [
      'no function, naming the id',
      /process 'pairs' of a join: expected a function/,
      built((job) =>
        joined(job)
          .window(tumbling(hours(1)))
          .process('pairs', never(3)),
      ),
    ],
    [
      'sessions with a trigger that cannot merge',
      /sessions merge/,
      built((job) =>
        joined(job)
          .window(session(hours(1)))
          .trigger({ ...neverFires(), merge: never(undefined) })
          .process('pairs', () => []),
      ),
    ],
  ])('%s', (_name, message, build) => {
    expect(build).toThrow(message)
  })
})
