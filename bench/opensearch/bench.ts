import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from '@opensearch-project/opensearch'
import { defineJob } from 'tidemark'
import { generator } from 'tidemark/collection'
import { type OpenSearchOptions, openSearch } from 'tidemark/opensearch'
import { run } from 'tidemark/run'
import { type Measured, measure, median, speedRatio } from '../measure.js'
import { fixed, heading, megabytes, ratioText, table, thousands } from '../table.js'

const INDEX = 'tm-bench'
const DOCUMENTS_PER_CALL = 1000
const PARALLEL_CALLS = 4
/** Of the bare client's speed, what the sink is to reach. */
const WANTED = 0.8

interface Cell {
  readonly location: string
  readonly pickup_count: number
  readonly timestamp: number
  readonly note: string
}

const NOTE = 'x'.repeat(100)
const cellOf = (n: number): Cell => ({
  location: 'dr5regw',
  pickup_count: n,
  timestamp: 1_700_000_000_000 + n,
  note: NOTE,
})
const idOf = (cell: Cell): string => `${cell.location}@${cell.timestamp}`

/** Documents a second through the sink, beside the bare client. A server of the user's own: TIDEMARK_OPENSEARCH=URL. */
export async function benchOpenSearch({ rows, rounds }: { readonly rows: number; readonly rounds: number }) {
  const given = process.env['TIDEMARK_OPENSEARCH']
  heading(
    `opensearch: ${thousands(rows)} documents of ${JSON.stringify(cellOf(100_000)).length} bytes into ` +
      `${given ?? 'a local OpenSearch in a process of its own'}, ${rounds} rounds in turn`,
  )
  const child = given === undefined ? fork(fileURLToPath(new URL('./server.ts', import.meta.url))) : undefined
  const url = child === undefined ? String(given) : String((await once(child, 'message'))[0])
  const client = new Client({ node: url, maxRetries: 0 })
  try {
    const fresh = (write: () => Promise<void>) => async () => {
      await client.indices.delete({ index: INDEX, ignore_unavailable: true }).catch(() => undefined)
      await write()
    }
    const measured = await measure(
      [
        { name: 'bare client', run: fresh(() => bareClient(client, rows)) },
        { name: 'helpers.bulk of the client', run: fresh(() => helper(client, rows)) },
        { name: 'sink', run: fresh(() => throughSink(url, rows, {})) },
        { name: 'sink, upsert', run: fresh(() => throughSink(url, rows, { operation: 'upsert' })) },
      ],
      { warmUps: 1, rounds },
    )
    const bytes = documentBytes(rows)
    const [bare, , sink] = measured as [Measured<void>, Measured<void>, Measured<void>]
    const lines = measured.map((one) => [
      one.name,
      thousands(rows / (median(one.times) / 1000)),
      megabytes(bytes / (median(one.times) / 1000)),
      ratioText(speedRatio(one.times, bare.times)),
      fixed(median(one.cpuTimes) / median(bare.cpuTimes), 2),
    ])
    console.log(table(['', 'documents/s', 'MB/s', 'of the bare client', 'CPU of the bare client'], lines))
    console.log(
      [
        '',
        `  Wanted: ${WANTED} of the bare client, for the plain sink. The client has ${PARALLEL_CALLS} calls of ${DOCUMENTS_PER_CALL} documents under way, with`,
        '  ids and versions as the sink has them, and never looks at the answers. The sink runs in a job: its start, its source,',
        '  batches, and the flush at the end are in its time. MB/s are those of the documents alone, without their action lines.',
        '  Not measured: TLS, signatures, throttling, checkpoints.',
      ].join('\n'),
    )
    return speedRatio(sink.times, bare.times).median >= WANTED
  } finally {
    await client.close()
    child?.disconnect()
  }
}

function documentBytes(rows: number): number {
  let bytes = 0
  for (let n = 0; n < rows; n++) bytes += Buffer.byteLength(JSON.stringify(cellOf(n)))
  return bytes
}

async function bareClient(client: Client, rows: number): Promise<void> {
  let next = 0
  const put = async (): Promise<void> => {
    while (next < rows) {
      const body: object[] = []
      for (let left = Math.min(DOCUMENTS_PER_CALL, rows - next); left > 0; left--) {
        const cell = cellOf(next++)
        body.push({ index: { _index: INDEX, _id: idOf(cell), version: next, version_type: 'external' } }, cell)
      }
      await client.bulk({ body })
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_CALLS }, put))
}

async function helper(client: Client, rows: number): Promise<void> {
  await client.helpers.bulk({
    datasource: cells(rows),
    onDocument: (cell: Cell) => ({ index: { _index: INDEX, _id: idOf(cell) } }),
    concurrency: PARALLEL_CALLS,
  })
}

async function* cells(rows: number): AsyncGenerator<Cell> {
  for (let n = 0; n < rows; n++) yield cellOf(n)
}

async function throughSink(node: string, rows: number, options: Partial<OpenSearchOptions<Cell>>): Promise<void> {
  const sink = openSearch<Cell>({
    node,
    index: INDEX,
    id: idOf,
    maxDocumentsPerCall: DOCUMENTS_PER_CALL,
    parallelCalls: PARALLEL_CALLS,
    ...options,
  } as OpenSearchOptions<Cell>) // A spread of partial options loses which of the alternatives it is.
  const job = defineJob('bench', (job) => {
    job.from('cells', generator({ count: rows, splits: 1, make: cellOf })).to('cells-out', sink)
  })
  await (await run(job)).result
}
