import { describe, expect, test } from 'vitest'
import { collectInto, collection } from '../../../connectors/collection/index.js'
import { defineJob, explain, type JobBuilder, valueState } from '../../../core/index.js'

const sink = collectInto<unknown>([])
const keyed = (job: JobBuilder<unknown>, id: string) => job.from(id, collection([1])).keyBy((n) => n)
const both = { onLeft: () => [1], onRight: () => [1] }

describe('a connect of two keyed streams in the graph', () => {
  const job = defineJob('connect', (builder) => {
    keyed(builder, 'starts')
      .connect(keyed(builder, 'ends'))
      .process('meet', { state: { seen: valueState<number>() }, ...both }, { parallelism: 3 })
      .to('out', sink)
  })

  test('reads both by key, and names the state', () => {
    const meet = job.build({}).nodes.find(({ id }) => id === 'meet')
    expect(meet).toMatchObject({
      label: 'process(seen: value) of left and right',
      parallelism: 3,
      inputs: [
        { partitioning: 'hash', input: 0 },
        { partitioning: 'hash', input: 1 },
      ],
    })
    expect(job.build({}).fingerprint).toContain('operator meet process(seen: value) of left and right')
  })

  test('is explained', () => {
    expect(explain(job, { parallelism: 2 })).toContain('process(seen: value) of left and right')
  })
})

describe('refused when the graph is built, naming the id', () => {
  // JavaScript callers are not stopped by the compiler.
  const never = (value: unknown) => value as never

  test.each<[string, RegExp, (job: JobBuilder<unknown>) => void]>([
    [
      'a connect to a plain stream',
      /expected a broadcast stream, .* or two keyed streams/,
      (job) => keyed(job, 'a').connect(never(job.from('b', collection([1])))),
    ],
    [
      'a function for two',
      /process 'p' of a connect: expected an object with onLeft\(\.\.\.\) and onRight/,
      (job) =>
        keyed(job, 'a')
          .connect(keyed(job, 'b'))
          .process(
            'p',
            never(() => []),
          ),
    ],
    [
      'one of two',
      /process 'p' of a connect: .*onRight/,
      (job) =>
        keyed(job, 'a')
          .connect(keyed(job, 'b'))
          .process('p', never({ onLeft: () => [] })),
    ],
    ['a connect without id', /needs an id/, (job) => keyed(job, 'a').connect(keyed(job, 'b')).process(never(''), both)],
  ])('%s', (_name, message, build) => {
    expect(() => defineJob('connect', build).build({})).toThrow(message)
  })
})
