import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { validateGraph } from '../../../core/graph/validate.js'
import { count, defineJob, hours, isJob, type Sink, type Stream, sideOutput, tumbling } from '../../../core/index.js'
import { errorOf, graphOf, job, type Reading, sink, sourceOf } from '../stream/job-parts.js'

describe('a graph that cannot run is refused when it is built, naming the id', () => {
  it('a duplicate id', () => {
    const error = errorOf(() =>
      graphOf((job) => {
        const stream = job.from('same', sourceOf())
        stream.to('same', sink())
      }),
    )
    expect(error).toMatchObject({ code: 'GRAPH_ID_DUPLICATE', domain: 'user', operatorId: 'same' })
  })

  it.each([
    ['', 'GRAPH_ID_MISSING'],
    [undefined, 'GRAPH_ID_MISSING'],
    ['two words', 'GRAPH_ID_INVALID'],
    ['x'.repeat(65), 'GRAPH_ID_INVALID'],
    ['../up', 'GRAPH_ID_INVALID'],
  ])('the id %j', (id, code) => {
    expect(errorOf(() => graphOf((job) => job.from(id as string, sourceOf()).to('out', sink()))).code).toBe(code)
    const stateful = () =>
      graphOf((job) =>
        job
          .from('in', sourceOf())
          .keyBy((r) => r.sensor)
          .window(tumbling(hours(1)))
          .aggregate(id as string, { n: count() })
          .to('out', sink()),
      )
    expect(errorOf(stateful).code).toBe(code)
  })

  it('no source, no sink, a stream that nobody reads', () => {
    expect(errorOf(() => graphOf(() => {})).code).toBe('GRAPH_NO_SOURCE')
    expect(errorOf(() => graphOf((job) => void job.from('in', sourceOf()))).code).toBe('GRAPH_NO_SINK')
    const unread = errorOf(() =>
      graphOf((job) => {
        job.from('in', sourceOf()).to('out', sink())
        job.from('forgotten', sourceOf())
      }),
    )
    expect(unread).toMatchObject({ code: 'GRAPH_STREAM_UNREAD', operatorId: 'forgotten' })
    const step = errorOf(() =>
      graphOf((job) => {
        const stream = job.from('in', sourceOf())
        stream.to('out', sink())
        stream.map((r) => r.value)
      }),
    )
    expect(step).toMatchObject({ code: 'GRAPH_STREAM_UNREAD', operatorId: 'map-2' })
  })

  it('streams of two jobs', () => {
    let other: Stream<Reading> | undefined
    graphOf((job) => {
      other = job.from('elsewhere', sourceOf())
      other.to('out', sink())
    })
    const error = errorOf(() => graphOf((job) => job.from('in', sourceOf()).union(other!).to('out', sink())))
    expect(error.code).toBe('GRAPH_TWO_JOBS')
    expect(error.message).toContain("'elsewhere'")
  })

  it('a step that is added after the function returned', () => {
    let escaped: Stream<Reading> | undefined
    graphOf((job) => {
      escaped = job.from('in', sourceOf())
      escaped.to('out', sink())
    })
    expect(errorOf(() => escaped!.to('later', sink()))).toMatchObject({ code: 'GRAPH_SEALED', operatorId: 'later' })
  })

  it('a cycle in a graph that no builder made', () => {
    const { nodes, ...graph } = graphOf((job) =>
      job
        .from('in', sourceOf())
        .map((r) => r)
        .to('out', sink()),
    )
    const [source, map, out] = nodes
    const cyclic = { ...map!, inputs: [{ from: out!, port: 0, partitioning: 'forward', input: 0 }] }
    const error = errorOf(() => validateGraph({ ...graph, nodes: [source!, cyclic as typeof map & object, out!] }))
    expect(error).toMatchObject({ code: 'GRAPH_CYCLE', operatorId: 'map-1' })
  })

  it('parallelism outside 1..maxParallelism', () => {
    const wide = defineJob('wide', { maxParallelism: 4 }, (job) =>
      job.from('in', sourceOf(), undefined, { parallelism: 5 }).to('out', sink()),
    )
    expect(errorOf(() => wide.build({}))).toMatchObject({ code: 'GRAPH_PARALLELISM_INVALID', operatorId: 'in' })
    expect(errorOf(() => defineJob('wide', { parallelism: 9, maxParallelism: 4 }, () => {})).message).toContain('9')
  })

  it('a window without a key, from JavaScript', () => {
    const build = () =>
      graphOf((job) => {
        const stream = job.from('in', sourceOf())
        Reflect.apply(stream.window, stream, [tumbling(hours(1))])
      })
    expect(errorOf(build)).toMatchObject({ code: 'GRAPH_WINDOW_NEEDS_KEY', operatorId: 'in' })
  })

  it.each(['join', 'coGroup', 'intervalJoin', 'temporalJoin'] as const)('%s of a stream without keys', (step) => {
    const build = () =>
      graphOf((job) => {
        const stream = job.from('in', sourceOf())
        Reflect.apply(stream[step], stream, [stream.keyBy((reading) => reading.sensor)])
      })
    const error = errorOf(build)
    expect(error).toMatchObject({ code: 'GRAPH_STEP_INVALID', operatorId: 'in' })
    expect(error.message).toContain(`write left.keyBy(...).${step}(right.keyBy(...))`)
  })

  it('a side output that would hide a method', () => {
    const build = () =>
      graphOf((job) => {
        job.from('in', sourceOf()).process('p', { sideOutputs: { map: sideOutput<number>() }, process() {} })
      })
    expect(errorOf(build).message).toContain("'map'")
  })

  it('a function that waits, a function that throws', () => {
    const waits = defineJob('waits', (async () => {}) as () => void)
    expect(errorOf(() => waits.build({})).code).toBe('JOB_FUNCTION_RETURNED_PROMISE')
    const broken = job(() => {
      throw new Error('no such table')
    })
    expect(errorOf(() => broken.build({}))).toMatchObject({ code: 'JOB_FUNCTION_FAILED' })
  })
})

describe('a job', () => {
  it('builds the same frozen graph every time', () => {
    const twice = job((job) =>
      job
        .from('in', sourceOf())
        .map((r) => r.value)
        .to('out', sink()),
    )
    const [first, second] = [twice.build({}), twice.build({})]
    expect(first.nodes.map((node) => node.id)).toEqual(second.nodes.map((node) => node.id))
    expect(Object.isFrozen(first)).toBe(true)
    expect(first.nodes.every((node) => Object.isFrozen(node))).toBe(true)
    expect(isJob(twice)).toBe(true)
    expect(isJob({ name: 'x' })).toBe(false)
  })

  it('gives its function the parameters', () => {
    const named = defineJob('p', { parameters: z.object({ id: z.string() }) }, (job) =>
      job.from(job.parameters.id, sourceOf()).to('out', sink()),
    )
    expect(named.build({ id: 'from-parameters' }).nodes[0]?.id).toBe('from-parameters')
  })

  it('takes other connectors by id, and refuses ids that it does not have', () => {
    const simple = job((job) => job.from('events', sourceOf()).to('out', sink()))
    const collected: Sink<unknown> = sink('collected')
    const graph = simple.build({}, { sources: { events: sourceOf('replaced') }, sinks: { out: collected } })
    expect(graph.nodes.map((node) => node.label)).toEqual(['replaced', 'collected'])
    const error = errorOf(() => simple.build({}, { sources: { event: sourceOf() } }))
    expect(error.code).toBe('GRAPH_OVERRIDE_UNKNOWN')
    expect(error.message).toContain("Did you mean 'events'?")
  })
})
