import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type {
  CommitterContext,
  DeadLetter,
  ReaderContext,
  Sink,
  SinkWriter,
  Source,
  Split,
  SplitReader,
  WriterContext,
} from '../../../core/connector.js'
import type { EngineContext } from '../../../core/context.js'
import { Batch, NO_TIMESTAMP } from '../../../core/element.js'
import type { Environment } from '../../../core/environment.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface ContextOptions {
  readonly operatorId?: string
  readonly environment?: Environment
  readonly index?: number
  readonly parallelism?: number
  readonly onWarning?: (message: string) => void
  /** Filled with the gauges that are set up. */
  readonly gauges?: Map<string, () => number | undefined>
}

export function engineContext(options: ContextOptions = {}): EngineContext {
  const { operatorId = 'op', environment = systemEnvironment(), index = 0, parallelism = 1 } = options
  return {
    operatorId,
    environment,
    subtask: { index, parallelism },
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message) => options.onWarning?.(message),
      error: () => undefined,
    },
    metrics: {
      counter: () => ({ add: () => undefined, value: 0 }),
      gauge: (name, value) => void options.gauges?.set(name, value),
      histogram: () => ({ record: () => undefined }),
    },
    parameters: {},
    signal: new AbortController().signal,
  }
}

/** Turns `wake` into something to wait for. A wake that nobody waited for is not lost. */
export class Bell {
  #rung = false
  #waiting: (() => void) | undefined
  count = 0

  readonly ring = (): void => {
    this.count++
    this.#rung = true
    this.#waiting?.()
  }

  async wait(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    this.#rung = false
    this.#waiting = undefined
  }
}

export function discover<T>(
  source: Source<T>,
  options: ContextOptions & { readonly known?: readonly string[] } = {},
): Promise<readonly Split[]> {
  const context = { ...engineContext(options), lineage: 'lineage', restored: undefined, startedAt: undefined }
  return source.enumerate(context).discover(new Set(options.known))
}

export interface OpenReader<T> {
  readonly reader: SplitReader<T>
  readonly bell: Bell
}

export async function openReader<T>(
  source: Source<T>,
  split: Split,
  options: ContextOptions = {},
): Promise<OpenReader<T>> {
  const bell = new Bell()
  const context: ReaderContext = { ...engineContext(options), wake: bell.ring }
  const reader = await source.read(split, context)
  onTestFinished(async () => reader.close())
  return { reader, bell }
}

export interface ReadResult<T> {
  readonly values: T[]
  readonly timestamps: number[]
  readonly rejected: DeadLetter[]
  skipped: number
  position: Split
}

/** Polls until the split ends, or until at least `atLeast` records were taken, as the task loop does. */
export async function read<T>(
  { reader, bell }: OpenReader<T>,
  options: { readonly maxRecords?: number; readonly atLeast?: number } = {},
): Promise<ReadResult<T>> {
  const { maxRecords = 100, atLeast = Number.POSITIVE_INFINITY } = options
  const result: ReadResult<T> = { values: [], timestamps: [], rejected: [], skipped: 0, position: reader.position() }
  const taken = (): number => result.values.length + result.rejected.length + result.skipped
  while (!reader.finished && taken() < atLeast) {
    const polled = reader.poll(Math.min(maxRecords, atLeast - taken()))
    if (!polled) {
      if (!reader.finished) await bell.wait()
      continue
    }
    result.values.push(...polled.values)
    result.timestamps.push(...(polled.timestamps ?? []))
    result.rejected.push(...(polled.rejected ?? []))
    result.skipped += polled.skipped ?? 0
  }
  result.position = reader.position()
  return result
}

/** The whole source at parallelism 1, split after split. */
export async function readSource<T>(source: Source<T>, options: ContextOptions = {}): Promise<ReadResult<T>> {
  const all: ReadResult<T> = { values: [], timestamps: [], rejected: [], skipped: 0, position: { id: 'none' } }
  for (const split of await discover(source, options)) {
    const result = await read(await openReader(source, split, options))
    all.values.push(...result.values)
    all.timestamps.push(...result.timestamps)
    all.rejected.push(...result.rejected)
    all.skipped += result.skipped
    all.position = result.position
  }
  return all
}

export interface Attempt {
  readonly lineage?: string
  readonly generation?: number
}

export interface OpenWriter<T> {
  readonly writer: SinkWriter<T>
  readonly bell: Bell
}

export async function openWriter<T>(
  sink: Sink<T>,
  options: ContextOptions & Attempt & { readonly restored?: readonly unknown[] } = {},
): Promise<OpenWriter<T>> {
  const bell = new Bell()
  const { lineage = 'a1', generation = 1, restored = [] } = options
  const context: WriterContext = {
    ...engineContext(options),
    lineage,
    generation,
    claimedAt: 0,
    restored,
    wake: bell.ring,
  }
  const writer = await sink.write(context)
  // Also those that a test gave up, as a killed process is: their files are open.
  onTestFinished(async () => writer.close())
  return { writer, bell }
}

/** Offers all rows, waiting when the writer pushes back. Returns how often it did. */
export async function writeAll<T>(
  { writer, bell }: OpenWriter<T>,
  rows: readonly T[],
  timestamps: readonly number[] = new Array<number>(rows.length).fill(NO_TIMESTAMP),
): Promise<number> {
  const batch = new Batch(rows, timestamps)
  let refusals = 0
  for (let next = writer.write(batch, 0); next < rows.length; next = writer.write(batch, next)) {
    refusals++
    await bell.wait()
  }
  return refusals
}

export function committerOf<T>(sink: Sink<T>, options: ContextOptions & Attempt = {}) {
  const { lineage = 'a1', generation = 1 } = options
  const context: CommitterContext = { ...engineContext(options), lineage, generation }
  if (!sink.committer) throw new Error('the sink has no committer')
  return sink.committer(context)
}

/** What somebody who lists the folder sees. */
export async function visible(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()
}

export async function linesOf(folder: string): Promise<string[]> {
  const contents = await Promise.all((await visible(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  return contents.flatMap((content) => content.split('\n').slice(0, -1))
}
