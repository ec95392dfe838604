import { collectInto } from '../../connectors/collection/collect-into.js'
import type { Sink } from '../../core/connector.js'
import { type Duration, hours } from '../../core/duration.js'
import { TidemarkError } from '../../core/errors.js'
import type { Job } from '../../core/job/job.js'
import type { ParameterTree } from '../../core/parameters/layers.js'
import { resolveParameters } from '../../core/parameters/resolve.js'
import { noRestart } from '../../runtime/coordinator/restart-strategy.js'
import { type VirtualEnvironment, virtualEnvironment } from '../../runtime/environment/virtual.js'
import type { JobHandle, JobResult, StopOptions } from '../../runtime/local/handle.js'
import type { JobProgress } from '../../runtime/local/progress.js'
import { run } from '../../runtime/run.js'
import { memoryStore } from '../../runtime/storage/memory.js'
import type { ObjectStore } from '../../runtime/storage/object-store.js'
import { ScriptedSource } from './scripted-source.js'

/** Values of a source that come in several splits, each with a watermark of its own. */
export interface Splits {
  readonly splits: readonly (readonly unknown[])[]
}

export interface TestJobOptions {
  /** What each source reads, by id: every source of the job, in place of its connector. */
  readonly sources: Readonly<Record<string, readonly unknown[] | Splits>>
  readonly params?: ParameterTree
  readonly parallelism?: number
  /** Goes on from there, at any parallelism. Give `sources` the same values again, and more if you like. */
  readonly from?: TestSavepoint
  /** Wall-clock time at the start, epoch milliseconds. Default 2030-01-01. */
  readonly startAt?: number
}

/** A job that was stopped, to go on from. */
export interface TestSavepoint {
  readonly store: ObjectStore
  /** Wall-clock time at which it was taken. */
  readonly at: number
}

/** Turns of the real event loop to wait for something that virtual time does not move (a real file, say). */
const PATIENCE = 20_000

/**
 * Runs a job on virtual time with its sources and sinks replaced. Everything given has been worked off when this
 * resolves; the input is open until `finish`.
 *
 * @example
 * const test = await testJob(job, { sources: { trips: [trip1, trip2] } })
 * await test.finish()
 * expect(test.results('hotspots')).toEqual([{ key: 'dr5ru', pickups: 2 }])
 * @throws TidemarkError for a job that cannot be built, and for a source that `sources` does not have.
 */
export async function testJob<P>(job: Job<P>, options: TestJobOptions): Promise<TestRun> {
  const environment = virtualEnvironment({ startAt: options.startAt ?? options.from?.at ?? Date.UTC(2030, 0, 1) })
  const sources = Object.fromEntries(
    Object.entries(options.sources).map(([id, given]) => [
      id,
      new ScriptedSource('splits' in given ? given.splits : [given]),
    ]),
  )
  const parameters = await resolveParameters({
    schema: job.parameters,
    ...(options.params ? { defaults: options.params } : {}),
  })
  const graph = job.build(parameters, { sources })
  const rows = new Map<string, unknown[]>()
  const sinks: Record<string, Sink<unknown>> = {}
  for (const node of graph.nodes) {
    if (node.kind === 'source' && !sources[node.id]) throw sourceMissing(node.id)
    if (node.kind !== 'sink') continue
    const collected: unknown[] = []
    rows.set(node.id, collected)
    sinks[node.id] = collectInto(collected)
  }
  const store = options.from?.store ?? memoryStore()
  const handle = await run(job, {
    ...(options.params ? { params: options.params } : {}),
    ...(options.parallelism === undefined ? {} : { parallelism: options.parallelism }),
    sources,
    sinks,
    environment,
    checkpoints: { to: store, resume: options.from !== undefined, interval: hours(1) },
    restart: noRestart(),
  })
  const test = new TestRun({ handle, environment, sources, rows, store })
  await test.settle()
  return test
}

interface Parts {
  readonly handle: JobHandle
  readonly environment: VirtualEnvironment
  readonly sources: Readonly<Record<string, ScriptedSource>>
  readonly rows: ReadonlyMap<string, unknown[]>
  readonly store: ObjectStore
}

/** A job under test. */
export class TestRun {
  private readonly parts: Parts
  private failure: unknown
  private over = false

  constructor(parts: Parts) {
    this.parts = parts
    parts.handle.result.then(
      () => {
        this.over = true
      },
      (error: unknown) => {
        this.over = true
        this.failure = error
      },
    )
  }

  /** Wall-clock time, epoch milliseconds. */
  get now(): number {
    return this.parts.environment.clock.now()
  }

  /**
   * What a sink was given and a completed checkpoint covers: all of it after `checkpoint`, `finish` and `savepoint`.
   * The caller names the type of the rows, which is the job's to know.
   */
  results<T = unknown>(sinkId: string): readonly T[] {
    const rows = this.parts.rows.get(sinkId)
    if (rows) return rows as readonly T[]
    throw new TidemarkError({
      code: 'TEST_SINK_UNKNOWN',
      domain: 'user',
      message: `the job has no sink '${sinkId}'; it has ${[...this.parts.rows.keys()].join(', ')}`,
    })
  }

  progress(): JobProgress {
    return this.parts.handle.progress()
  }

  /** Hands a source more values, and waits until they are worked off. */
  async send(sourceId: string, values: readonly unknown[], split = 0): Promise<void> {
    const source = this.parts.sources[sourceId]
    if (!source) throw sourceMissing(sourceId)
    source.push(values, split)
    await this.settle()
  }

  /** Moves wall-clock time forward: processing-time windows and timers fire, splits fall idle. */
  async advance(by: Duration): Promise<void> {
    await this.parts.environment.advance(by.ms)
    await this.settle()
  }

  /** Takes a checkpoint, so that `results` shows all that was emitted. */
  async checkpoint(): Promise<void> {
    await this.pump(this.parts.handle.checkpoint())
  }

  /** Ends the input: windows fire, everything is committed. */
  async finish(): Promise<JobResult> {
    for (const source of Object.values(this.parts.sources)) source.end()
    return this.pump(this.parts.handle.result)
  }

  /** Stops with a checkpoint that another `testJob` can go on from. */
  async savepoint(): Promise<TestSavepoint> {
    await this.stop()
    return { store: this.parts.store, at: this.now }
  }

  async stop(options?: StopOptions): Promise<JobResult> {
    return this.pump(this.parts.handle.stop(options))
  }

  /** Waits until everything that was sent is worked off; rejects with what broke the job. */
  async settle(): Promise<void> {
    await this.parts.environment.settle()
    if (this.failure) throw this.failure
  }

  /** Waits for a promise of the job; time moves only when nothing else can happen. */
  private async pump<R>(promise: Promise<R>): Promise<R> {
    let settled = false
    const mark = (): void => {
      settled = true
    }
    promise.then(mark, mark)
    for (let turns = 0; !settled && turns < PATIENCE; turns++) {
      await this.parts.environment.settle()
      if (this.over) break
    }
    if (!settled && !this.over) {
      throw new TidemarkError({
        code: 'TEST_STUCK',
        domain: 'internal',
        message: `the job is ${this.parts.handle.status} and nothing happens: does a sink or function wait for real time?`,
      })
    }
    return promise
  }
}

function sourceMissing(id: string): TidemarkError {
  return new TidemarkError({
    code: 'TEST_SOURCE_MISSING',
    domain: 'user',
    message: `testJob: give source '${id}' its values in 'sources'`,
  })
}
