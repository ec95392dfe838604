import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { millis, type Sink } from 'tidemark'
import { batchSink } from 'tidemark/batch'
import { collectInto } from 'tidemark/collection'
import { type FileSinkOptions, fileSink, jsonLines } from 'tidemark/file'
import { kinesisSink } from 'tidemark/kinesis'
import { openSearch } from 'tidemark/opensearch'
import { parquetSink } from 'tidemark/parquet'
import { s3Sink } from 'tidemark/s3'
import {
  type ConformanceCheck,
  type LocalOpenSearch,
  type LocalS3,
  sinkConformance,
  startLocalOpenSearch,
  startLocalS3,
  twoPhaseSinkConformance,
} from 'tidemark/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { storedIn } from '../../connectors/kinesis/sink-fixture.js'
import { documentsIn } from '../../connectors/opensearch/fixture.js'
import { IS_WHOLE } from '../../setup/runs.js'
import { ownKinesis } from './own-kinesis.js'

/*
 * The sinks that come with Tidemark keep the contract that others are asked to keep.
 */

interface Row {
  readonly n: number
}

const rowOf = (n: number): Row => ({ n })

/** What may be different where only the contents of files are; all checks where all tests run. */
const IN_SHORT = /^what a completed|^a commit shows|^a killed job/

const inShort = (checks: readonly ConformanceCheck[]): readonly ConformanceCheck[] =>
  checks.filter(({ name }) => IS_WHOLE || IN_SHORT.test(name))

function runAll(checks: readonly ConformanceCheck[]): void {
  // Each check has a world of its own.
  for (const { name, run } of checks) test.concurrent(name, run)
}

const numbersIn = (text: string): number[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as Row).n)

describe('collectInto', () => {
  runAll(
    twoPhaseSinkConformance({
      start: () => {
        const rows: Row[] = []
        return { sink: () => collectInto(rows), row: rowOf, visible: () => rows.map(({ n }) => n) }
      },
    }),
  )
})

/** A folder of files, as readers see it: not what begins with a dot or an underscore. */
async function folderWorld(sinkOf: (path: string) => Sink<Row>, read: (file: string) => Promise<readonly number[]>) {
  const path = await mkdtemp(join(tmpdir(), 'tidemark-'))
  const all = async (): Promise<string[]> => {
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  }
  return {
    all,
    sink: () => sinkOf(path),
    row: rowOf,
    visible: async () => {
      const shown = (await all()).filter((file) => !/\/[._]/.test(file.slice(path.length)))
      return (await Promise.all(shown.map(read))).flat()
    },
    close: () => rm(path, { recursive: true }),
  }
}

const partsOf = async ({ all }: { all(): Promise<string[]> }): Promise<number> =>
  (await all()).filter((file) => file.endsWith('.part')).length

const FILE_SINKS: readonly (readonly [string, Omit<FileSinkOptions<Row>, 'path' | 'format'>])[] = [
  ['a file a checkpoint', {}],
  ['files that go on over checkpoints', { rollOnCheckpoint: false, maxRows: 40 }],
]

describe.each(FILE_SINKS)('fileSink: %s', (_name, options) => {
  runAll(
    twoPhaseSinkConformance({
      start: () =>
        folderWorld(
          (path) => fileSink<Row>({ path, format: jsonLines(), ...options }),
          async (file) => numbersIn(await readFile(file, 'utf8')),
        ),
      unfinished: partsOf,
      keepsOpen: options.rollOnCheckpoint === false,
    }),
  )
})

describe('fileSink: gzip', () => {
  runAll(
    inShort(
      twoPhaseSinkConformance({
        start: () =>
          folderWorld(
            (path) => fileSink<Row>({ path, format: jsonLines(), compression: 'gzip' }),
            async (file) => numbersIn(gunzipSync(await readFile(file)).toString('utf8')),
          ),
        unfinished: partsOf,
      }),
    ),
  )
})

describe('parquetSink', () => {
  runAll(
    inShort(
      twoPhaseSinkConformance({
        start: () =>
          folderWorld(
            (path) => parquetSink({ path, schema: { n: 'int32' } }),
            async (file) =>
              ((await parquetReadObjects({ file: await asyncBufferFromFile(file) })) as Row[]).map(({ n }) => n),
          ),
        unfinished: partsOf,
      }),
    ),
  )
})

describe('s3Sink', () => {
  let s3: LocalS3
  let worlds = 0

  beforeAll(async () => {
    s3 = await startLocalS3({ buckets: ['lake'] })
  })
  afterAll(() => s3.close())

  function start(options: { readonly rollOnCheckpoint?: boolean; readonly maxRows?: number }) {
    const prefix = `world-${worlds++}/`
    return {
      prefix,
      sink: () =>
        s3Sink<Row>({
          to: `s3://lake/${prefix}`,
          format: jsonLines(),
          ...options,
          ...{ endpoint: s3.endpoint, region: s3.region, clientConfig: { credentials: s3.credentials } },
        }),
      row: rowOf,
      visible: () =>
        s3
          .keys('lake', prefix)
          .filter((key) => !/(^|\/)_/.test(key))
          .flatMap((key) => numbersIn(s3.read('lake', key)?.toString('utf8') ?? '')),
    }
  }

  const unfinished = ({ prefix }: { readonly prefix: string }): number =>
    s3.uploads('lake').filter(({ key }) => key.startsWith(prefix)).length

  const outage = ({ prefix }: { readonly prefix: string }): (() => void) =>
    s3.faults.add({ key: new RegExp(`^${prefix}`), fault: { kind: 'slowDown' } })

  describe('an object a checkpoint', () => {
    runAll(twoPhaseSinkConformance({ start: () => start({}), unfinished, outage }))
  })

  describe('objects that go on over checkpoints', () => {
    runAll(
      twoPhaseSinkConformance({
        start: () => start({ rollOnCheckpoint: false, maxRows: 40 }),
        unfinished,
        keepsOpen: true,
      }),
    )
  })
})

describe('kinesisSink', () => {
  const kinesis = ownKinesis()

  runAll(
    sinkConformance({
      start: async () => {
        const stream = await kinesis.createStream(2)
        return {
          stream,
          sink: () =>
            kinesisSink<Row>({
              stream,
              endpoint: kinesis.server.url,
              partitionKey: ({ n }) => String(n),
              encode: JSON.stringify,
              maxDelayMs: 2,
            }),
          row: rowOf,
          visible: async () => (await storedIn(kinesis.client, stream)).flatMap(({ text }) => numbersIn(text)),
        }
      },
      outage: ({ stream }) =>
        kinesis.server.faults.add({ stream, operation: 'PutRecords', fault: { kind: 'internalError' } }),
    }),
  )
})

describe('openSearch', () => {
  let server: LocalOpenSearch
  let worlds = 0

  beforeAll(async () => {
    server = await startLocalOpenSearch()
  })
  afterAll(() => server.close())

  runAll(
    sinkConformance({
      start: () => {
        const index = `rows-${worlds++}`
        return {
          sink: () => openSearch<Row>({ node: server.url, index, id: ({ n }) => String(n), maxDelayMs: 2 }),
          row: rowOf,
          visible: async () => {
            return [...(await documentsIn<Row>(server.url, index)).values()].map(({ n }) => n)
          },
        }
      },
    }),
  )
})

describe('batchSink', () => {
  runAll(
    sinkConformance({
      start: () => {
        const world = {
          taken: [] as number[],
          open: 0,
          isDown: false,
          sink: () =>
            batchSink<Row, object>('numbers', {
              open: () => {
                world.open++
                return {}
              },
              close: () => {
                world.open--
              },
              write: async (rows) => {
                if (world.isDown) return { retry: 'the service is down' }
                for (const { n } of rows) world.taken.push(n)
                return undefined
              },
              ...{ maxBatch: 5, maxInFlight: 2, maxAge: millis(2) },
            }),
          row: rowOf,
          visible: () => world.taken,
        }
        return world
      },
      leftOpen: ({ open }) => open,
      outage: (world) => {
        world.isDown = true
        return () => {
          world.isDown = false
        }
      },
    }),
  )
})
