import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileSinkFormat } from '../../../connectors/file/format.js'
import { fileSink, jsonLines } from '../../../connectors/file/index.js'
import type { StagedSinkOptions } from '../../../connectors/file/staged/staged-sink.js'
import type { Sink } from '../../../core/connector.js'
import { temporaryFolder } from '../file/support.js'
import { BUCKET, lineSink, startBucket } from './fixture.js'

type Options = StagedSinkOptions<unknown> & {
  readonly format?: FileSinkFormat<unknown>
  readonly compression?: 'gzip' | 'zstd'
}

/** Where the same sink writes to: what holds for one holds for all. */
export interface Place {
  sink(options?: Options): Sink<unknown>
  /** Paths below the output, of what a reader sees; marks too. */
  paths(): Promise<readonly string[]>
  read(path: string): Promise<Buffer>
  /** How many files are unfinished, or finished and not shown. */
  unfinished(): Promise<number>
}

async function folder(): Promise<Place> {
  const path = await temporaryFolder()
  const staging = join(path, '.staging', 'op')
  await mkdir(staging, { recursive: true })
  const inside = async (at: string): Promise<string[]> => {
    const entries = await readdir(at, { recursive: true, withFileTypes: true })
    return entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name).slice(at.length + 1)] : []))
  }
  return {
    sink: (options = {}) => fileSink({ path, format: jsonLines(), ...options }),
    paths: async () => (await inside(path)).filter((name) => !name.startsWith('.')).sort(),
    read: (name) => readFile(join(path, name)),
    unfinished: async () => (await inside(staging)).filter((name) => name.endsWith('.part')).length,
  }
}

async function bucket(): Promise<Place> {
  const s3 = await startBucket()
  const strip = (key: string): string => key.slice('trips/'.length)
  return {
    sink: (options = {}) => lineSink(s3, options),
    paths: async () =>
      s3
        .keys(BUCKET)
        .map(strip)
        .filter((key) => !key.startsWith('_tidemark/'))
        .sort(),
    read: async (name) => s3.read(BUCKET, `trips/${name}`)!,
    unfinished: async () => s3.uploads(BUCKET).length,
  }
}

export const PLACES: readonly (readonly [string, () => Promise<Place>])[] = [
  ['a folder', folder],
  ['S3', bucket],
]

export async function linesOf(place: Place): Promise<string[]> {
  const lines: string[] = []
  for (const path of await place.paths()) {
    if (!/\/?_[^/]*$/.test(path)) lines.push(...(await place.read(path)).toString('utf8').split('\n').slice(0, -1))
  }
  return lines
}

export async function numbersOf(place: Place): Promise<number[]> {
  return (await linesOf(place)).map((line) => (JSON.parse(line) as { readonly n: number }).n).sort((a, b) => a - b)
}
