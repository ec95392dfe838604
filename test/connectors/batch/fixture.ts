import { onTestFinished } from 'vitest'
import { type BatchSinkOptions, batchSink } from '../../../connectors/batch/index.js'
import type { DeadLetter, Sink, SinkWriter } from '../../../core/connector.js'
import { seconds } from '../../../core/duration.js'
import { Batch, NO_TIMESTAMP } from '../../../core/element.js'
import { Origin } from '../../../core/origin.js'
import { type VirtualEnvironment, virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { OperatorMetrics } from '../../../runtime/observe/metrics.js'

export interface Row {
  readonly key: string
  readonly n: number
}

export function rowsOf(count: number, keys = 10): Row[] {
  return Array.from({ length: count }, (_, n) => ({ key: `key-${n % keys}`, n }))
}

export interface OpenWriter<T> {
  readonly environment: VirtualEnvironment
  readonly writer: SinkWriter<T>
  readonly metrics: OperatorMetrics
  /** What was logged as a warning. */
  readonly warnings: readonly string[]
  /** Offers rows until all are taken, as a task does; time moves while the writer has no room. */
  writeAll(rows: readonly T[]): Promise<void>
  /** Once, however often it is called. */
  close(): Promise<void>
  /** A barrier; time moves until it is done with. */
  flush(): Promise<readonly unknown[]>
}

interface OpenOptions {
  readonly environment?: VirtualEnvironment
  /** Of the task. */
  readonly signal?: AbortSignal
}

/** A writer on virtual time. */
export async function openWriter<T>(sink: Sink<T>, options: OpenOptions = {}): Promise<OpenWriter<T>> {
  const { environment = virtualEnvironment(), signal = new AbortController().signal } = options
  const metrics = new OperatorMetrics()
  const warnings: string[] = []
  const ignore = (): void => undefined
  const writer = await sink.write({
    operatorId: 'out',
    subtask: { index: 0, parallelism: 1 },
    logger: { debug: ignore, info: ignore, warn: (message) => warnings.push(message), error: ignore },
    parameters: {},
    ...{ environment, metrics, signal, lineage: 'a', generation: 1, claimedAt: 0, restored: [] },
    wake: ignore,
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= finished(environment, (async () => writer.close())())
    return closing
  }
  onTestFinished(close)
  return {
    environment,
    writer,
    metrics,
    warnings,
    close,
    async writeAll(rows) {
      const batch = batchOf(rows)
      for (let next = 0; next < rows.length; ) {
        next = writer.write(batch, next)
        if (next < rows.length) await environment.advance(50)
      }
    },
    flush: () => finished(environment, (async () => writer.prepareCommit(1))()),
  }
}

/** Moves time until something has an end, whatever it is. */
export async function finished<R>(environment: VirtualEnvironment, work: Promise<R>): Promise<R> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  work.then(over, over)
  await environment.settle()
  while (!isOver) await environment.advance(1000)
  return work
}

export function batchOf<T>(rows: readonly T[]): Batch<T> {
  const offsets = rows.map((_, index) => 100 + index)
  return new Batch(
    rows,
    new Array<number>(rows.length).fill(NO_TIMESTAMP),
    undefined,
    undefined,
    Origin.ofPoll('a', offsets),
  )
}

export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (thrown) {
    return thrown
  }
  throw new Error('expected an error')
}

/** A sink whose service is a function. */
export function sinkTo(write: BatchSinkOptions<Row>['write'], options: Partial<BatchSinkOptions<Row>> = {}): Sink<Row> {
  // A spread of partial options loses which of the alternatives it is.
  return batchSink<Row>('test', { retryFor: seconds(60), ...options, write } as BatchSinkOptions<Row>)
}

/** Never settles: as a service that is silent, and a function that does not look at its signal. */
export function silence(): Promise<never> {
  return new Promise(() => undefined)
}

/** Without checkpoints: what was written is there at once. */
export function lettersInto(letters: DeadLetter[]): Sink<DeadLetter> {
  return {
    kind: 'letters',
    guarantee: 'at-least-once',
    write: () => ({
      write(batch, from) {
        letters.push(...batch.values.slice(from))
        return batch.length
      },
      prepareCommit: () => [],
      close: () => undefined,
    }),
  }
}
