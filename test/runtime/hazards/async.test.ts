import { createServer, type ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { millis, seconds } from '../../../core/duration.js'
import { defineJob, type Job } from '../../../core/job/job.js'
import type { AsyncFunction, AsyncOptions } from '../../../core/operators/async/async-function.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import type { JobHandle } from '../../../runtime/local/handle.js'
import { type RunOptions, run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { listening } from '../../setup/listening.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { folder } from '../fixture/savepoint-job.js'
import { type Row, row, Script } from '../fixture/script.js'
import { eventTime } from '../fixture/start.js'

const SPLITS = ['a', 'b', 'c']
const ROWS = 150
const CONDITION = { timeout: 30_000, interval: 5 }
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

interface Answer {
  readonly n: number
  readonly said: string
}

type Behaviour = (n: number, call: number, reply: ServerResponse) => void

/** A real HTTP server: GET /n, answered as the test says. `calls` counts those for each n. */
async function service(behave: Behaviour) {
  const calls = new Map<number, number>()
  const server = createServer((request, reply) => {
    const n = Number(request.url?.slice(1))
    const call = (calls.get(n) ?? 0) + 1
    calls.set(n, call)
    behave(n, call, reply)
  })
  return { url: await listening(server), calls }
}

const ask =
  (url: string): AsyncFunction<Row, Answer> =>
  async ({ n }, { signal }) => {
    const reply = await fetch(`${url}/${n}`, { signal })
    if (!reply.ok) throw new Error(`status ${reply.status}`)
    return { n, said: await reply.text() }
  }

/** Two requests for each record, and whichever answers settles it: the other answers too. */
const askTwice =
  (url: string): AsyncFunction<Row, Answer> =>
  (value, context) =>
    new Promise((resolve, reject) => {
      // Both are calls of a function, not of the object with a life cycle.
      const once = ask(url) as (value: Row, context: unknown) => Promise<Answer>
      for (let request = 0; request < 2; request++) once(value, context).then(resolve, reject)
    })

function rows(): Script {
  const source = new Script({ splits: SPLITS, pollRows: 7 })
  for (let n = 0; n < ROWS; n++) source.push(SPLITS[n % SPLITS.length]!, row(n, n * 10))
  return source
}

function asyncJob(
  source: Script,
  sink: LedgerSink<Answer>,
  fn: AsyncFunction<Row, Answer>,
  options: AsyncOptions<Row>,
) {
  return defineJob('async', (job) => {
    job.from('rows', source, eventTime()).mapAsync('ask', fn, options).to('out', sink)
  }) as Job<unknown>
}

/** On real time. However slow the machine is, a call that times out is one more restart. */
async function start(job: Job<unknown>, options: RunOptions): Promise<JobHandle> {
  const handle = await run(job, {
    logger: SILENT,
    restart: fixedDelay({ attempts: 1000, delay: millis(1) }),
    ...options,
  })
  onTestFinished(async () => {
    await handle.cancel().catch(() => undefined)
  })
  return handle
}

const all = Array.from({ length: ROWS }, (_, n) => `${n} ok ${n}`)
const shown = (sink: LedgerSink<Answer>) =>
  [...sink.visible].sort((a, b) => a.n - b.n).map(({ n, said }) => `${n} ${said}`)

describe.each([true, false])('a service called with mapAsync, ordered: %s', (ordered) => {
  it('that times out, fails and answers twice, over restarts: each record has one result', async () => {
    const { url, calls } = await service((n, call, reply) => {
      // Silence: the first calls for some fail the job, which goes on from its newest checkpoint.
      if (n % 50 === 49 && call <= 2) return
      if (n % 7 === 3 && call % 4 === 1) reply.statusCode = 503
      reply.end(`ok ${n}`)
    })
    const sink = new LedgerSink<Answer>()
    const options = { ordered, capacity: 8, timeout: millis(600), retry: { attempts: 4, delay: millis(1) } }
    const job = asyncJob(rows().end(), sink, askTwice(url), options)
    const checkpoints = { to: memoryStore(), interval: millis(20) }
    const handle = await start(job, { parallelism: 2, checkpoints })
    expect(await handle.result).toMatchObject({ status: 'finished' })
    expect(shown(sink)).toEqual(all)
    expect(calls.get(49)).toBeGreaterThan(2)
  }, 60_000)

  it('that says nothing: a savepoint is taken with a full queue, and restored at any parallelism', async () => {
    const silent: ServerResponse[] = []
    const { url } = await service((n, _call, reply) => {
      if (n < 20 || isBack) reply.end(`ok ${n}`)
      else silent.push(reply)
    })
    let isBack = false
    const sink = new LedgerSink<Answer>()
    const options = { ordered, capacity: 10, timeout: seconds(1000) }
    let savepoint: string | undefined
    for (const parallelism of [3, 1, 2]) {
      const job = asyncJob(rows(), sink, ask(url), options)
      const place = await folder()
      silent.length = 0
      const handle = await start(job, {
        parallelism,
        maxParallelism: 8,
        checkpoints: { to: await folder(), interval: seconds(1000) },
        ...(savepoint === undefined ? {} : { from: savepoint }),
      })
      await vi.waitFor(() => expect(silent.length).toBeGreaterThanOrEqual(10 * parallelism), CONDITION)
      expect(await handle.stop({ savepoint: `${place}/stopped` })).toMatchObject({ status: 'stopped' })
      savepoint = `${place}/stopped`
    }
    isBack = true
    const handle = await start(asyncJob(rows().end(), sink, ask(url), { ...options, capacity: 1 }), {
      parallelism: 2,
      maxParallelism: 8,
      checkpoints: { to: await folder(), interval: seconds(1000) },
      from: savepoint as string,
    })
    expect(await handle.result).toMatchObject({ status: 'finished' })
    expect(shown(sink)).toEqual(all)
  }, 60_000)
})
