import type { Sink, Source } from '../connector.js'
import { messageOf, TidemarkError } from '../errors.js'
import { GraphBuilder } from '../graph/graph-builder.js'
import { graphError } from '../graph/graph-error.js'
import type { LogicalGraph } from '../graph/node.js'
import { requireId } from '../graph/node-id.js'
import { isAsynchronous } from '../operators/user-error.js'
import { didYouMean } from '../parameters/suggest.js'
import { connectorPlacementOf } from '../stream/placement.js'
import { type Scope, withSideStreams } from '../stream/scope.js'
import type { SourceStream, StepOptions } from '../stream/stream.js'
import { StreamSteps } from '../stream/stream-steps.js'
import type { WatermarkStrategy } from '../time/watermark-strategy.js'
import { noWatermarks } from '../time/watermarks.js'
import type { JobBuilder, Overrides } from './job-builder.js'

export interface Definition<P> {
  readonly name: string
  readonly parallelism: number | undefined
  readonly maxParallelism: number | undefined
  readonly parameters: P
  readonly overrides: Overrides
  readonly build: (job: JobBuilder<P>) => void
}

/** Runs a job's function once and gives the graph that it described. */
export function buildGraph<P>(definition: Definition<P>): LogicalGraph {
  const { name, parallelism, maxParallelism, parameters, overrides } = definition
  const graph = new GraphBuilder(name, { parallelism, maxParallelism })
  const sources = new Replacements<Source<unknown>>('source', overrides.sources)
  const sinks = new Replacements<Sink<unknown>>('sink', overrides.sinks)
  const scope: Scope = {
    graph,
    sinkFor: (id, sink) => sinks.take(id) ?? sink,
    stream: (inputs) => new StreamSteps(scope, inputs),
  }
  const builder: JobBuilder<P> = Object.freeze({
    parameters,
    from<T>(id: string, source: Source<T>, watermarks?: WatermarkStrategy<T>, options?: StepOptions): SourceStream<T> {
      requireId(id, 'job.from(id, source)')
      requireSource(id, source, watermarks)
      const node = graph.addSource({
        id,
        source: sources.take(id) ?? source,
        // The graph holds strategies of any type; this one gets what this source reads.
        watermarks: (watermarks ?? noWatermarks()) as WatermarkStrategy<unknown>,
        ...connectorPlacementOf(`source '${id}'`, options),
      })
      return withSideStreams<T, Pick<SourceStream<T>, 'malformed'>>(scope, node)
    },
  })
  run(definition, builder)
  sources.requireAllTaken(name)
  sinks.requireAllTaken(name)
  return graph.build()
}

function run<P>({ name, build }: Definition<P>, builder: JobBuilder<P>): void {
  let returned: unknown
  try {
    returned = build(builder)
  } catch (thrown) {
    if (thrown instanceof TidemarkError) throw thrown
    throw new TidemarkError({
      code: 'JOB_FUNCTION_FAILED',
      domain: 'user',
      message: `job '${name}': its function threw while building the graph: ${messageOf(thrown)}`,
      cause: thrown,
    })
  }
  if (isAsynchronous(returned)) {
    throw graphError(
      'JOB_FUNCTION_RETURNED_PROMISE',
      `job '${name}': its function returned a promise. It only describes the job: remove async, load data before defineJob`,
    )
  }
}

function requireSource(id: string, source: unknown, watermarks: unknown): void {
  if (typeof (source as Partial<Source<unknown>> | null | undefined)?.read !== 'function') {
    throw graphError('GRAPH_STEP_INVALID', `job.from('${id}', source): expected a source as the second argument`, id)
  }
  if (watermarks === undefined) return
  if (typeof (watermarks as Partial<WatermarkStrategy<unknown>> | null)?.generator !== 'function') {
    throw graphError(
      'GRAPH_STEP_INVALID',
      `job.from('${id}', source, watermarks): expected a watermark strategy, such as boundedOutOfOrderness({ ... })`,
      id,
    )
  }
}

class Replacements<C> {
  readonly #kind: string
  readonly #given: ReadonlyMap<string, C>
  readonly #seen: string[] = []

  constructor(kind: string, given: Readonly<Record<string, C>> = {}) {
    this.#kind = kind
    this.#given = new Map(Object.entries(given))
  }

  take(id: string): C | undefined {
    this.#seen.push(id)
    return this.#given.get(id)
  }

  requireAllTaken(jobName: string): void {
    for (const id of this.#given.keys()) {
      if (this.#seen.includes(id)) continue
      throw graphError(
        'GRAPH_OVERRIDE_UNKNOWN',
        `job '${jobName}' has no ${this.#kind} '${id}' to replace${didYouMean(id, this.#seen)} ` +
          `Its ${this.#kind}s: ${this.#seen.join(', ')}`,
        id,
      )
    }
  }
}
