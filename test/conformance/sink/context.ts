import type { Sink } from '../../../core/connector.js'
import type { Broken, CheckScope } from '../check.js'
import { Patience } from '../patience.js'
import { batchOf, type RunOptions, type SinkCheckpoint, SinkRun } from './run.js'
import type { SinkWorld, TwoPhaseSinkSetup } from './setup.js'

const DEFAULT_ROWS = 50

/** What a check of sinks works with. Whatever it opens is closed after it. */
export class SinkCheckContext<T> {
  readonly setup: TwoPhaseSinkSetup<T>
  readonly world: SinkWorld<T>
  readonly patience: Patience
  /** How many rows are offered at once. */
  readonly rows: number
  readonly #runs: SinkRun<T>[] = []

  constructor(setup: TwoPhaseSinkSetup<T>, world: SinkWorld<T>) {
    this.setup = setup
    this.world = world
    this.patience = new Patience(world.environment, setup.patience)
    this.rows = setup.rows ?? DEFAULT_ROWS
  }

  /** A generation in a new process. What ran before goes on beside it, as a process may that was only thought dead. */
  async start(options: RunOptions, sink: Sink<T> = this.world.sink()): Promise<SinkRun<T>> {
    const run = await SinkRun.open(sink, options, this.patience)
    this.#runs.push(run)
    return run
  }

  /** Rows `from` to `end - 1`. */
  async write(run: SinkRun<T>, range: { from: number; end: number; subtask?: number }, broken: Broken): Promise<void> {
    const { from, end, subtask } = range
    const numbers = Array.from({ length: end - from }, (_, index) => from + index)
    const isTaken = await run.write(
      batchOf((n) => this.world.row(n), numbers),
      subtask,
    )
    if (!isTaken) throw broken(`rows that are never taken (of ${from} to ${end - 1}): the job stands still`)
  }

  /** A barrier. */
  async prepare(run: SinkRun<T>, checkpointId: number, broken: Broken): Promise<SinkCheckpoint> {
    const checkpoint = await run.barrier(checkpointId)
    if (checkpoint === undefined) throw broken(`prepareCommit(${checkpointId}) never resolves: no checkpoint completes`)
    return checkpoint
  }

  /** A checkpoint that completes. */
  async checkpoint(run: SinkRun<T>, checkpointId: number, broken: Broken): Promise<SinkCheckpoint> {
    const checkpoint = await this.prepare(run, checkpointId, broken)
    await run.complete(checkpoint)
    return checkpoint
  }

  /** Where rows may wait until the input ends, ends it. */
  async endIfKept(run: SinkRun<T>, checkpointId: number, broken: Broken): Promise<void> {
    if (!this.setup.keepsOpen) return
    run.end()
    await this.checkpoint(run, checkpointId, broken)
  }

  async visible(): Promise<readonly number[]> {
    return [...(await this.world.visible())].sort((one, other) => one - other)
  }

  /** Never throws: what closing does is the matter of checks of its own. */
  async end(): Promise<void> {
    for (const run of this.#runs) await run.close().catch(() => undefined)
    await this.world.close?.()
  }
}

export async function openSink<T>(setup: TwoPhaseSinkSetup<T>): Promise<CheckScope<SinkCheckContext<T>>> {
  const context = new SinkCheckContext(setup, await setup.start())
  return { context, close: () => context.end() }
}
