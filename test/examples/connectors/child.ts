import { defineJob, millis } from 'tidemark'
import { batchSink } from 'tidemark/batch'
import { exponentialDelay, lineLogger, run } from 'tidemark/run'
import { httpPages } from '../../../examples/connectors/http-pages.js'
import { stagedTable } from '../../../examples/connectors/staged-table.js'

/** Services that outlive the process. */
export interface ChildOptions {
  readonly pages: string
  readonly table: string
  readonly posts: string
  readonly checkpoints: string
  readonly parallelism: number
}

const { pages, table, posts, checkpoints, parallelism } = JSON.parse(process.argv[2] ?? '') as ChildOptions

const job = defineJob('pages-to-table', (builder) => {
  const items = builder.from('pages', httpPages({ url: pages, decode: Number, pollEvery: millis(10) }))
  items.to('table', stagedTable({ url: table, partRows: 10 }))
  items.to(
    'posts',
    batchSink('posts', {
      maxBatch: 10,
      maxAge: millis(5),
      write: async (rows, { signal }) => {
        const { ok, status } = await fetch(posts, { method: 'POST', body: JSON.stringify(rows), signal })
        return ok ? undefined : { retry: `status ${status}` }
      },
    }),
  )
})

const handle = await run(job, {
  parallelism,
  logger: lineLogger({ write: (line) => void process.stderr.write(`${line}\n`) }),
  restart: exponentialDelay({ initial: millis(20), max: millis(200), attempts: 50 }),
  checkpoints: { to: checkpoints, resume: true, interval: millis(30), tolerableFailures: 5 },
})
process.stdout.write(`${(await handle.result).status}\n`)
