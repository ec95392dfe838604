import type { StandardSchemaV1 } from '@standard-schema/spec'
import { graphError } from '../graph/graph-error.js'
import type { LogicalGraph } from '../graph/node.js'
import { requireId } from '../graph/node-id.js'
import { requireMaxParallelism, requireParallelism } from '../graph/parallelism.js'
import type { NoPromise } from '../no-promise.js'
import { buildGraph } from './build-graph.js'
import type { JobBuilder, Overrides } from './job-builder.js'

export interface JobOptions<P> {
  /** What the job can be started with: any Standard Schema (zod, valibot, arktype) of an object. */
  readonly parameters?: StandardSchemaV1<unknown, P>
  /** Of the steps that do not set their own. A start may override it. */
  readonly parallelism?: number
  /** The most that the job can ever be scaled to. Fixed by its first checkpoint. */
  readonly maxParallelism?: number
}

/** A job is a recipe: every process that runs it builds the same graph from the same parameters. Frozen. */
export interface Job<P = unknown> {
  readonly kind: 'job'
  readonly name: string
  /** Undefined: the job takes no parameters. */
  readonly parameters: StandardSchemaV1<unknown, P> | undefined
  readonly parallelism: number | undefined
  readonly maxParallelism: number | undefined
  /**
   * @param parameters as `resolveParameters` gives them.
   * @throws TidemarkError GRAPH_* for a graph that cannot run, naming the id; JOB_FUNCTION_FAILED when the job's function throws.
   */
  build(parameters: P, overrides?: Overrides): LogicalGraph
}

type Described<R> = NoPromise<
  R,
  'The function of a job only describes it, and does not wait. Remove async, and load data before defineJob.'
>

/**
 * Defines a job. The function only describes the dataflow: it is called wherever the job runs, must not wait, and has
 * to do the same everywhere. Export the result as the module's default.
 *
 * @param name letters, digits, `_` and `-`; at most 64.
 * @example
 * export default defineJob('trips-per-cell', (job) => {
 *   job
 *     .from('trips', source, boundedOutOfOrderness({ timestamp: (trip) => trip.endedAt, maxDelay: seconds(60) }))
 *     .keyBy((trip) => trip.cell)
 *     .window(tumbling(hours(1)))
 *     .aggregate('per-cell', { trips: count(), meanFare: mean((trip) => trip.fare) })
 *     .to('results', sink)
 * })
 * @example
 * defineJob('top-cells', { parameters: z.object({ top: z.number().default(10) }) }, (job) => {
 *   const { top } = job.parameters
 *   // ...
 * })
 * @throws TidemarkError GRAPH_ID_INVALID, GRAPH_PARALLELISM_INVALID
 */
export function defineJob<R = void>(name: string, build: (job: JobBuilder<None>) => R & Described<R>): Job<None>
export function defineJob<P = None, R = void>(
  name: string,
  options: JobOptions<P>,
  build: (job: JobBuilder<P>) => R & Described<R>,
): Job<P>
export function defineJob<P>(
  name: string,
  optionsOrBuild: JobOptions<P> | ((job: JobBuilder<P>) => void),
  buildWithOptions?: (job: JobBuilder<P>) => void,
): Job<P> {
  const options: JobOptions<P> = typeof optionsOrBuild === 'function' ? {} : optionsOrBuild
  const build = typeof optionsOrBuild === 'function' ? optionsOrBuild : buildWithOptions
  requireId(name, 'a job')
  if (typeof build !== 'function') {
    throw graphError('JOB_INVALID', `job '${name}': expected the function that builds it as the last argument`)
  }
  const { parallelism, maxParallelism } = options
  if (maxParallelism !== undefined) requireMaxParallelism(maxParallelism, name)
  if (parallelism !== undefined) requireParallelism(parallelism, maxParallelism, `job '${name}'`)
  return Object.freeze({
    kind: 'job' as const,
    name,
    parameters: options.parameters,
    parallelism,
    maxParallelism,
    build: (parameters: P, overrides: Overrides = {}) =>
      buildGraph({ name, parallelism, maxParallelism, parameters, overrides, build }),
  })
}

/** Whether a module's export is a job, made by this copy of Tidemark or another. */
export function isJob(value: unknown): value is Job<unknown> {
  if (typeof value !== 'object' || value === null) return false
  const { kind, name, build } = value as Partial<Job>
  return kind === 'job' && typeof name === 'string' && typeof build === 'function'
}

/** The parameters of a job that has none. */
export type None = Readonly<Record<never, never>>
