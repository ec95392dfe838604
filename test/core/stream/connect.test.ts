import { describe, expect, test } from 'vitest'
import { collectInto, collection } from '../../../connectors/collection/index.js'
import { defineJob, explain, type JobBuilder, listOperatorState, mapState, valueState } from '../../../core/index.js'

function graphOf(build: (job: JobBuilder<unknown>) => void) {
  return defineJob('connect', build).build({})
}

const sink = collectInto<unknown>([])

describe('a connect in the graph', () => {
  const job = defineJob('connect', (builder) => {
    const rules = builder
      .from('rules', collection([1]))
      .broadcast({ rules: mapState<string, number>(), most: valueState() })
    builder
      .from('events', collection([1]))
      .keyBy((n) => n)
      .connect(rules)
      .process('apply', {
        state: { seen: valueState<number>() },
        onRecord: () => [1],
        onBroadcast: () => undefined,
      })
      .to('out', sink)
  })

  test('reads records by key and the other stream in every subtask, and names all state', () => {
    const apply = job.build({}).nodes.find(({ id }) => id === 'apply')
    expect(apply).toMatchObject({
      label: 'process(seen: value) with broadcast(most: value, rules: map)',
      inputs: [
        { partitioning: 'hash', input: 0 },
        { partitioning: 'broadcast', input: 1 },
      ],
    })
    expect(job.build({}).fingerprint).toContain('operator apply process(seen: value) with broadcast')
  })

  test('is explained', () => {
    expect(explain(job, { parallelism: 2 })).toMatch(/broadcast/)
  })
})

test('operator state is part of what a step is', () => {
  const graph = graphOf((job) => {
    job
      .from('n', collection([1]))
      .process('hold', { operatorState: { held: listOperatorState<number>() }, process: () => [1] })
      .to('out', sink)
  })
  expect(graph.nodes.find(({ id }) => id === 'hold')?.label).toBe('process(held: operator list)')
})

describe('refused when the graph is built', () => {
  // JavaScript callers are not stopped by the compiler.
  const never = (value: unknown) => value as never
  const from = (job: JobBuilder<unknown>) => job.from('n', collection([1]))
  const rules = (job: JobBuilder<unknown>) => job.from('rules', collection([1])).broadcast({ r: mapState<string, 1>() })
  const both = { onRecord: () => [1], onBroadcast: () => undefined }

  test.each<[string, RegExp, (job: JobBuilder<unknown>) => void]>([
    [
      'a connect to a plain stream',
      /expected a broadcast stream/,
      (job) => from(job).connect(never(job.from('m', collection([1])))),
    ],
    ['broadcast without state', /expected its state/, (job) => from(job).broadcast(never(undefined))],
    ['broadcast list state', /'r' with mapState/, (job) => from(job).broadcast(never({ r: { kind: 'list' } }))],
    [
      'a function for two',
      /onRecord\(\.\.\.\) and onBroadcast/,
      (job) =>
        from(job)
          .connect(rules(job))
          .process(
            'p',
            never(() => []),
          ),
    ],
    [
      'one of two',
      /onBroadcast/,
      (job) =>
        from(job)
          .connect(rules(job))
          .process('p', never({ onRecord: () => [] })),
    ],
    ['a connect without id', /needs an id/, (job) => from(job).connect(rules(job)).process(never(undefined), both)],
    [
      'undeclared operator state',
      /'held' with listOperatorState/,
      (job) => from(job).process('p', { operatorState: never({ held: 3 }), process: () => [1] }),
    ],
  ])('%s', (_name, message, build) => {
    expect(() => graphOf((job) => build(job))).toThrow(message)
  })

  test('a broadcast stream that nobody connects to', () => {
    const build = (job: JobBuilder<unknown>) => {
      rules(job)
      from(job).to('out', sink)
    }
    expect(() => graphOf(build)).toThrow(expect.objectContaining({ code: 'GRAPH_STREAM_UNREAD', operatorId: 'rules' }))
  })
})
