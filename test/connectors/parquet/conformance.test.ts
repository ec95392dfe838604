import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import type { Sink } from 'tidemark'
import { inferSchema, parquetFormat, parquetSink } from 'tidemark/parquet'
import { s3Sink } from 'tidemark/s3'
import { type LocalS3, startLocalS3, twoPhaseSinkConformance } from 'tidemark/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { IS_WHOLE } from '../../setup/runs.js'

/* A sink that infers its schema keeps the contract of a two-phase sink as one does that is told. */

interface Row {
  readonly n: number
}

const row = (n: number): Row => ({ n })

async function numbersIn(files: readonly Uint8Array[]): Promise<number[]> {
  const rows = await Promise.all(files.map((bytes) => parquetReadObjects({ file: new Uint8Array(bytes).buffer })))
  return rows.flat().map(({ n }) => Number(n))
}

async function folderWorld(sinkTo: (path: string) => Sink<Row>) {
  const path = await mkdtemp(join(tmpdir(), 'tidemark-'))
  return {
    path,
    sink: () => sinkTo(path),
    row,
    async visible() {
      const names = (await readdir(path)).filter((name) => name.endsWith('.parquet'))
      return numbersIn(await Promise.all(names.map((name) => readFile(join(path, name)))))
    },
    close: () => rm(path, { recursive: true }),
  }
}

const SINKS: readonly (readonly [string, (path: string) => Sink<Row>])[] = [
  ['at the first checkpoint', (path) => parquetSink<Row>({ path })],
  ['after some rows', (path) => parquetSink<Row>({ path, schema: inferSchema({ rows: 10 }) })],
]

describe.each(IS_WHOLE ? SINKS : SINKS.slice(1))('in a folder, %s', (_, sinkTo) => {
  const checks = twoPhaseSinkConformance({
    start: () => folderWorld(sinkTo),
    unfinished: async ({ path }) => {
      const names = await readdir(path, { recursive: true })
      return names.filter((name) => name.endsWith('.part')).length
    },
  })
  for (const { name, run } of checks) test.concurrent(name, run)
})

describe.runIf(IS_WHOLE)('on S3', () => {
  let s3: LocalS3
  let worlds = 0

  beforeAll(async () => {
    s3 = await startLocalS3({ buckets: ['lake'] })
  })
  afterAll(() => s3.close())

  const checks = twoPhaseSinkConformance({
    start() {
      const prefix = `world-${worlds++}/`
      const { endpoint, region, credentials } = s3
      const aws = { endpoint, region, clientConfig: { credentials } }
      return {
        prefix,
        sink: () => s3Sink<Row>({ to: `s3://lake/${prefix}`, format: parquetFormat(), ...aws }),
        row,
        visible() {
          const keys = s3.keys('lake', prefix).filter((key) => key.endsWith('.parquet'))
          return numbersIn(keys.map((key) => s3.read('lake', key) as Buffer))
        },
      }
    },
    unfinished: ({ prefix }) => s3.uploads('lake').filter(({ key }) => key.startsWith(prefix)).length,
    outage: ({ prefix }) => s3.faults.add({ key: new RegExp(`^${prefix}`), fault: { kind: 'slowDown' } }),
  })
  for (const { name, run } of checks) test.concurrent(name, run)
})
