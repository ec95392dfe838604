import { onTestFinished } from 'vitest'
import type { Sink, SinkWriter } from '../../../core/connector.js'
import { Batch, NO_TIMESTAMP } from '../../../core/element.js'
import type { Environment } from '../../../core/environment.js'
import { seededRandom } from '../../../core/random.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { OperatorMetrics } from '../../../runtime/observe/metrics.js'
import { Bell } from '../file/support.js'

/** Backoff in a fraction of the time. Everything else is real. */
export function hurriedEnvironment(factor = 20, seed = 1): Environment {
  const system = systemEnvironment()
  return {
    ...system,
    clock: { now: () => system.clock.now(), monotonic: () => system.clock.monotonic() * factor },
    timers: { after: (delayMs, callback) => system.timers.after(delayMs / factor, callback) },
    random: seededRandom(seed),
  }
}

export interface OpenWriter<T> {
  readonly writer: SinkWriter<T>
  readonly metrics: OperatorMetrics
  readonly bell: Bell
  /** As the task does it: what was not taken is offered again when the writer wakes. */
  writeAll(rows: readonly T[], timestamp?: number): Promise<void>
  /** All of it, and a barrier behind. */
  writeThrough(rows: readonly T[], timestamp?: number): Promise<void>
}

export interface OpenOptions {
  readonly environment?: Environment
  readonly claimedAt?: number
}

/** A writer that talks to a server; closed when the test ends. */
export async function openWriter<T>(sink: Sink<T>, options: OpenOptions = {}): Promise<OpenWriter<T>> {
  const metrics = new OperatorMetrics()
  const bell = new Bell()
  const ignore = (): void => undefined
  const writer = await sink.write({
    operatorId: 'out',
    subtask: { index: 0, parallelism: 1 },
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    metrics,
    parameters: {},
    signal: new AbortController().signal,
    environment: options.environment ?? systemEnvironment(),
    lineage: 'lineage',
    generation: 1,
    claimedAt: options.claimedAt ?? 1_700_000_000_000,
    restored: [],
    wake: bell.ring,
  })
  onTestFinished(async () => writer.close())
  const writeAll = async (rows: readonly T[], timestamp?: number): Promise<void> => {
    const batch = batchOf(rows, timestamp)
    for (let next = writer.write(batch, 0); next < rows.length; next = writer.write(batch, next)) await bell.wait()
  }
  return {
    writer,
    metrics,
    bell,
    writeAll,
    async writeThrough(rows, timestamp) {
      await writeAll(rows, timestamp)
      await writer.prepareCommit(1)
    },
  }
}

export function batchOf<T>(rows: readonly T[], timestamp = NO_TIMESTAMP): Batch<T> {
  return new Batch(rows, new Array<number>(rows.length).fill(timestamp))
}
