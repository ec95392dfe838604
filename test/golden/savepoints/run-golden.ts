import { type JobHandle, type ObjectStore, type RunOptions, run } from 'tidemark/run'
import { type VirtualEnvironment, virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import { EVENTS_A_SPLIT, eventsOf, everyState, type Line, READ_BEFORE, SPLITS } from './every-state.js'

const MAX_PARALLELISM = 16
/** Turns of the real event loop: files take real time. */
const PATIENCE = 100_000

export interface GoldenRunOptions {
  readonly from?: RunOptions['from']
  /** Default: that of the golden savepoints. */
  readonly maxParallelism?: number
  /** Of checkpoints. Default: memory. */
  readonly store?: ObjectStore
  /** Events of each split that are read, or were before the savepoint. Default READ_BEFORE. */
  readonly readBefore?: number
}

export interface GoldenRun {
  readonly handle: JobHandle
  readonly lines: readonly Line[]
  /** Waits for a promise of the job. Time does not move. */
  pump<R>(promise: Promise<R>): Promise<R>
  /** Gives the job the events of each split up to, not including, an index. */
  send(end: number): Promise<void>
  /** Everything is read and worked off, and the input ends. */
  finish(): Promise<readonly Line[]>
}

/** Runs the job with every kind of state, on virtual time, up to where its savepoint is taken; or from there on. */
export async function runGolden(parallelism: number, options: GoldenRunOptions = {}): Promise<GoldenRun> {
  const { from, readBefore = READ_BEFORE, maxParallelism = MAX_PARALLELISM } = options
  const environment = virtualEnvironment()
  const { store = memoryStore(environment) } = options
  const lines: Line[] = []
  const splits = Array.from({ length: SPLITS }, (_, split) => eventsOf(split).slice(0, readBefore))
  const events = new ScriptedSource(from === undefined ? splits.map(() => []) : splits)
  const limits = new ScriptedSource([[{ n: 30, at: 1_600_000_000_000 }]])
  const handle = await run(everyState(lines), {
    sources: { events, limits },
    parallelism,
    maxParallelism,
    environment,
    checkpoints: { to: store },
    ...(from === undefined ? {} : { from }),
  })
  const pump = pumpOf(environment, handle)
  let read = from === undefined ? 0 : readBefore
  const send = async (end: number): Promise<void> => {
    for (let split = 0; split < SPLITS; split++) events.push(eventsOf(split).slice(read, end), split)
    read = end
    await environment.settle()
  }
  await environment.settle()
  // The limit is known before the first event.
  if (from === undefined) await send(readBefore)
  return {
    handle,
    lines,
    pump,
    send,
    async finish() {
      await send(EVENTS_A_SPLIT)
      events.end()
      limits.end()
      await pump(handle.result)
      return lines
    },
  }
}

function pumpOf(environment: VirtualEnvironment, handle: JobHandle) {
  return async <R>(promise: Promise<R>): Promise<R> => {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    handle.result.then(settle, settle)
    for (let turns = 0; !isSettled && turns < PATIENCE; turns++) await environment.settle()
    if (!isSettled) throw new RangeError(`the job is ${handle.status} and nothing happens`)
    return await promise
  }
}
