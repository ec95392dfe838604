import { describe, expect, it } from 'vitest'
import { explain, hours, mapState, planOf, type Stream, tumbling } from '../../../core/index.js'
import { sideOutput } from '../../../core/operators/side-output.js'
import { sideOutputNames } from '../../../core/stream/side-output-names.js'
import { StreamSteps } from '../../../core/stream/stream-steps.js'
import { errorOf, graphOf, job, type Reading, sink, sourceOf } from './job-parts.js'

/** Spread by `how`, then a step of its own parallelism. */
const spread = (how: (stream: Stream<Reading>) => Stream<Reading>, parallelism?: number) =>
  graphOf((job) =>
    how(job.from('in', sourceOf(), undefined, { parallelism: 2 })).to('out', sink(), {
      ...(parallelism !== undefined && { parallelism }),
    }),
  )

describe('a stream is spread', () => {
  it.each([
    ['rebalance', (stream: Stream<Reading>) => stream.rebalance()],
    ['rescale', (stream: Stream<Reading>) => stream.rescale()],
    ['broadcast', (stream: Stream<Reading>) => stream.replicate()],
    [
      'custom',
      (stream: Stream<Reading>) =>
        stream.partitionBy(
          ({ value }) => value,
          (value, n) => value % n,
        ),
    ],
  ] as const)('by %s, also between steps of one parallelism', (partitioning, how) => {
    const { edges } = planOf(spread(how, 2))
    expect(edges).toMatchObject([{ partitioning }])
  })

  it('as was said last; a key and broadcast state have the last word', () => {
    const graph = graphOf((job) => {
      const twice = job
        .from('in', sourceOf())
        .partitionBy(
          ({ value }) => value,
          () => 0,
        )
        .rescale()
      twice.to('twice', sink())
      const state = twice.broadcast({ seen: mapState<string, number>() })
      twice
        .connect(state)
        .process('both', { onRecord: () => [1], onBroadcast: () => undefined })
        .to('out', sink())
      twice
        .keyBy(({ sensor }) => sensor)
        .window(tumbling(hours(1)))
        .process('rows', () => [1])
        .to('windows', sink())
    })
    const inputs = (id: string) =>
      graph.nodes.flatMap((node) => (node.id === id && node.kind !== 'source' ? node.inputs : []))
    expect(inputs('twice')).toMatchObject([{ partitioning: 'rescale' }])
    expect(inputs('twice')[0]).not.toHaveProperty('partition')
    expect(inputs('both').map(({ partitioning }) => partitioning)).toEqual(['rescale', 'broadcast'])
    expect(inputs('rows').map(({ partitioning }) => partitioning)).toEqual(['hash'])
  })

  it('by forward only where both sides have one parallelism', () => {
    expect(planOf(spread((stream) => stream.forward(), 2)).vertices).toHaveLength(1)
    const error = errorOf(() => planOf(spread((stream) => stream.forward(), 3)))
    expect(error).toMatchObject({ code: 'GRAPH_FORWARD_IMPOSSIBLE', operatorId: 'out' })
    expect(error.message).toMatch(/'out'.*has 3 .*has 2: give 'out' \{ parallelism: 2 \}/)
  })

  it('to steps without state at the parallelism of the job, not of what they read', () => {
    const graph = graphOf((job) =>
      job
        .from('in', sourceOf(), undefined, { parallelism: 1 })
        .rebalance()
        .map(({ value }) => value)
        .to('out', sink()),
    )
    expect(planOf(graph, { parallelism: 4 }).vertices.map(({ parallelism }) => parallelism)).toEqual([1, 4])
  })

  it('in any way without a key with the same fingerprint: a savepoint is read by it', () => {
    const plain = spread((stream) => stream).fingerprint
    expect(spread((stream) => stream.rebalance()).fingerprint).toBe(plain)
    expect(
      spread((stream) =>
        stream.partitionBy(
          () => 0,
          () => 0,
        ),
      ).fingerprint,
    ).toBe(plain)
    expect(spread((stream) => stream.replicate()).fingerprint).not.toBe(plain)
  })

  it('by functions alone', () => {
    expect(errorOf(() => spread((stream) => stream.partitionBy(() => 0, 3 as never))).code).toBe('GRAPH_STEP_INVALID')
  })
})

describe('chains', () => {
  const chained = (chaining?: 'new' | 'never') =>
    planOf(
      graphOf((job) =>
        job
          .from('in', sourceOf())
          .map(({ value }) => value, chaining && { chaining })
          .to('out', sink()),
      ),
    ).vertices.map(({ chain }) => chain.length)

  it('begin and end where a step says so', () => {
    expect(chained()).toEqual([3])
    expect(chained('new')).toEqual([1, 2])
    expect(chained('never')).toEqual([1, 1, 1])
    expect(errorOf(() => chained('off' as never)).message).toMatch(/chaining is 'new' .* or 'never' .*found 'off'/)
  })

  it('are explained', () => {
    const described = job((job) => job.from('in', sourceOf()).to('out', sink(), { chaining: 'never' }))
    expect(explain(described)).toContain('a task of its own')
  })
})

describe('a stream that feeds itself', () => {
  it('is refused, with what to do instead', () => {
    const error = errorOf(() => graphOf((job) => job.from('in', sourceOf()).iterate(undefined as never)))
    expect(error).toMatchObject({ code: 'GRAPH_CYCLE', operatorId: 'in' })
    expect(error.message).toMatch(/cannot feed itself.*keyed state with a timer.*topic/)
  })
})

describe('side outputs', () => {
  it('cannot be called what a stream has already', () => {
    const methods = Object.getOwnPropertyNames(StreamSteps.prototype)
    expect(methods).toContain('rebalance')
    const free = methods.filter((name) => {
      try {
        sideOutputNames('p', { [name]: sideOutput<number>() })
        return true
      } catch {
        return false
      }
    })
    expect(free).toEqual([])
  })
})

describe('a split', () => {
  const refused = (branches: unknown) =>
    errorOf(() => graphOf((job) => job.from('in', sourceOf()).split(branches as Record<string, () => boolean>)))

  it('has a stream for each branch, and the rest as its main output', () => {
    const graph = graphOf((job) => {
      const { high, low, rest } = job
        .from('in', sourceOf())
        .split({ high: ({ value }) => value > 9, low: ({ value }) => value < 3 }, { name: 'by value' })
      high.to('high', sink())
      low.union(rest).to('others', sink())
    })
    expect(graph.nodes[1]).toMatchObject({
      label: 'split(high, low)',
      details: 'by value',
      sideOutputs: ['high', 'low'],
    })
    const ports = graph.nodes
      .slice(2)
      .map((node) => (node.kind === 'source' ? [] : node.inputs.map(({ port }) => port)))
    expect(ports).toEqual([[1], [2, 0]])
  })

  it.each([
    [{}, 'GRAPH_STEP_INVALID'],
    [undefined, 'GRAPH_STEP_INVALID'],
    [{ a: 3 }, 'GRAPH_STEP_INVALID'],
    [{ rest: () => true }, 'GRAPH_ID_INVALID'],
    // Every stream has it: dead letters would come out among the branch's records.
    [{ failed: () => true }, 'GRAPH_ID_INVALID'],
    [{ 1: () => true }, 'GRAPH_ID_INVALID'],
    [{ 'a b': () => true }, 'GRAPH_ID_INVALID'],
  ])('is refused with branches %j', (branches, code) => {
    expect(refused(branches).code).toBe(code)
  })
})
