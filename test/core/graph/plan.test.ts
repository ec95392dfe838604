import { describe, expect, it } from 'vitest'
import {
  count,
  type EventTimeOptions,
  explain,
  hours,
  type LogicalGraph,
  minutes,
  monotonous,
  planOf,
  tumbling,
} from '../../../core/index.js'
import { errorOf, graphOf, sink, sourceOf } from '../stream/job-parts.js'

const chainsOf = (graph: LogicalGraph, parallelism: number) =>
  planOf(graph, { parallelism }).vertices.map((vertex) => vertex.chain.map((node) => node.id).join(' '))

const windowed = () =>
  graphOf((job) => {
    const rows = job
      .from('in', sourceOf())
      .filter((reading) => reading.value > 0)
      .keyBy((reading) => reading.sensor)
      .window(tumbling(hours(1)))
      .aggregate('rows', { n: count() })
    rows.to('out', sink())
    rows.late.to('late', sink())
  })

describe('the plan', () => {
  it('chains forward edges of one reader, and breaks at a hash', () => {
    expect(chainsOf(windowed(), 2)).toEqual(['in filter-1 keyBy-2', 'rows out', 'late'])
  })

  it('sends a side output from the middle of a chain', () => {
    const { edges } = planOf(windowed(), { parallelism: 2 })
    expect(edges).toMatchObject([
      { from: 0, stage: 2, port: 0, to: 1, partitioning: 'hash' },
      { from: 1, stage: 0, port: 1, to: 2, partitioning: 'forward' },
    ])
  })

  it('breaks chains at a fan-out and at a union', () => {
    const graph = graphOf((job) => {
      const first = job.from('a', sourceOf())
      first.union(job.from('b', sourceOf())).to('both', sink())
      first.to('alone', sink())
    })
    expect(chainsOf(graph, 1)).toEqual(['a', 'b', 'both', 'alone'])
  })

  it('rebalances between different parallelisms; stateless steps stay with what they read', () => {
    const graph = graphOf((job) =>
      job
        .from('in', sourceOf(), undefined, { parallelism: 4 })
        .map((reading) => reading.value)
        .to('out', sink()),
    )
    const plan = planOf(graph, { parallelism: 2 })
    expect(plan.vertices.map((vertex) => [vertex.chain.length, vertex.parallelism])).toEqual([
      [2, 4],
      [1, 2],
    ])
    expect(plan.edges[0]?.partitioning).toBe('rebalance')
    expect(plan.maxParallelism).toBe(128)
  })

  it.each([0, -1, 1.5, Number.NaN, 129])('refuses parallelism %s of max parallelism 128', (parallelism) => {
    const error = errorOf(() => planOf(windowed(), { parallelism, maxParallelism: 128 }))
    expect(error.code).toBe('GRAPH_PARALLELISM_INVALID')
    expect(error.message).toContain('128')
  })
})

describe('explain', () => {
  it('prints graph and plan as text', () => {
    expect(explain(windowed(), { parallelism: 2 })).toBe(
      [
        'job test-job',
        '',
        'graph',
        '  in        source test, watermarks: noWatermarks',
        '  filter-1  filter                                 <- in',
        '  keyBy-2   keyBy                                  <- filter-1',
        '  rows      tumbling(1h).aggregate({ n: count })   <- keyBy-2 (hash)',
        '  out       sink test, exactly-once                <- rows',
        '  late      sink test, exactly-once                <- rows.late',
        '',
        'plan: 3 tasks, 6 subtasks, max parallelism 128',
        '  task 0  in -> filter-1 -> keyBy-2  x2',
        '    -> task 1  hash',
        '  task 1  rows -> out  x2',
        '    rows.late -> task 2  forward',
        '  task 2  late  x2',
      ].join('\n'),
    )
  })

  it('says how far a source may be ahead, and of what', () => {
    const explained = (options: EventTimeOptions): string =>
      explain(graphOf((job) => job.from('in', sourceOf(), monotonous(options)).to('out', sink())))
    expect(explained({ maxDrift: minutes(5) })).toContain(
      'watermarks: monotonous, at most 5m ahead of its slowest split',
    )
    expect(explained({ maxDrift: minutes(5), alignmentGroup: 'rides' })).toContain(
      'watermarks: monotonous, at most 5m ahead of the slowest split of group rides',
    )
  })

  it('draws DOT and Mermaid with every node and edge', () => {
    const dot = explain(windowed(), { format: 'dot' })
    expect(dot).toContain('"keyBy-2" -> "rows" [label="hash"]')
    expect(dot).toContain('"rows" -> "late" [label="late"]')
    expect(dot).toContain('"in" -> "filter-1"')
    const mermaid = explain(windowed(), { format: 'mermaid' })
    expect(mermaid).toContain('n2 -->|"hash"| n3')
    expect(mermaid).toContain('n3["rows<br>tumbling(1h).aggregate({ n: count })"]')
  })
})

describe('the fingerprint', () => {
  const base = (extra: boolean, id = 'sum') =>
    graphOf((job) => {
      const stream = job.from('in', sourceOf())
      const read = extra ? stream.map((reading) => reading, { name: 'nothing' }) : stream
      read
        .keyBy((reading) => reading.sensor)
        .reduce(id, (a) => a)
        .to('out', sink())
    }).fingerprint

  it('does not see steps without state', () => {
    expect(base(true)).toBe(base(false))
  })

  it('sees ids, labels and partitioning of steps with state', () => {
    expect(base(false, 'other')).not.toBe(base(false))
    expect(base(false)).toContain('operator sum reduce <- in hash')
  })
})
