import { expect, test } from 'vitest'
import { batchSink } from '../../../connectors/batch/index.js'
import type { Sink } from '../../../core/connector.js'
import { millis, minutes, seconds } from '../../../core/duration.js'
import type { Environment } from '../../../core/environment.js'
import { seededRandom } from '../../../core/random.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import { copyJob } from '../batching/copy-job.js'
import { type Row, rowsOf } from './fixture.js'
import { type ServiceFault, startService } from './http-service.js'

const FAULTS: readonly ServiceFault[] = ['refused', 'busy', 'replyLost', 'twice', 'half']

/** Each fault at least once, then some of them now and then. Silence costs a time-out: twice is enough. */
function faulty(seed: number): (request: number) => ServiceFault | undefined {
  const random = seededRandom(seed)
  return (request) => {
    if (request === 2 || request === 9) return 'silent'
    if (request < 16) return FAULTS[request % 7]
    return random.next() < 0.3 ? FAULTS[Math.floor(random.next() * FAULTS.length)] : undefined
  }
}

/** Backoff in a fraction of the time. Everything else is real. */
function hurriedEnvironment(): Environment {
  const system = systemEnvironment()
  return {
    ...system,
    clock: { now: () => system.clock.now(), monotonic: () => system.clock.monotonic() * HURRY },
    timers: { after: (delayMs, callback) => system.timers.after(delayMs / HURRY, callback) },
    random: seededRandom(1),
  }
}

const HURRY = 20

/** As a user would write it. */
function httpSink(url: string): Sink<Row> {
  return batchSink<Row>('http', {
    write: async (rows, { signal }) => {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(rows), signal })
      if (response.status === 429) return { retry: 'busy', isThrottled: true }
      if (!response.ok) return { retry: `status ${response.status}` }
      const statuses = (await response.json()) as number[]
      return statuses.map((status) => (status === 200 ? 'ok' : { retry: `status ${status}` }))
    },
    orderBy: ({ key }) => key,
    maxBatch: 20,
    maxAge: millis(50),
    // A second of real time.
    callTimeout: seconds(HURRY),
    retryFor: minutes(1000),
  })
}

function numbersOf(rows: readonly Row[]): Set<number> {
  return new Set(rows.map(({ n }) => n))
}

/** A key's rows, the first time that each is seen, are in order: later ones may repeat, none comes early. */
function expectInOrder(rows: readonly Row[]): void {
  for (const key of new Set(rows.map((row) => row.key))) {
    const first = [...numbersOf(rows.filter((row) => row.key === key))]
    expect(first).toEqual([...first].sort((a, b) => a - b))
  }
}

const logger = { debug() {}, info() {}, warn() {}, error() {} }

test('a job that fails again and again, to a service that does too, delivers every row', async () => {
  const service = await startService(faulty(1))
  const rows = rowsOf(600, 7)
  const source = new ScriptedSource([[]])
  const failAt = new Set([150, 300, 301, 580])
  const see = ({ n }: Row): void => {
    // A checkpoint before each failure but the first: some of what was delivered is delivered again, not all.
    if (n % 100 === 60) void handle.checkpoint().catch(() => undefined)
    if (failAt.delete(n)) throw new Error(`row ${n} fails`)
  }
  const handle = await run(copyJob(source, httpSink(service.url), see), {
    environment: hurriedEnvironment(),
    checkpoints: { to: memoryStore(), interval: millis(200) },
    restart: fixedDelay({ attempts: 10, delay: millis(10) }),
    logger,
  })
  source.push(rows)
  source.end()
  expect(await handle.result).toMatchObject({ status: 'finished' })
  expect(failAt.size).toBe(0)
  expect(numbersOf(service.applied)).toEqual(numbersOf(rows))
  expectInOrder(service.applied)
})

test('what a checkpoint contains was delivered when the job is killed, and the rest follows', async () => {
  const service = await startService(faulty(2))
  const rows = rowsOf(500, 7)
  const to = memoryStore()
  const source = new ScriptedSource([[]])
  const sink = httpSink(service.url)
  let checkpointed: Promise<unknown> | undefined
  let reach: () => void = () => undefined
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const atRow = ({ n }: Row): void => {
    if (n !== 250) return
    checkpointed = killed.checkpoint()
    reach()
  }
  const killed = await run(copyJob(source, sink, atRow), {
    environment: hurriedEnvironment(),
    checkpoints: { to },
    logger,
  })
  source.push(rows)
  await reached
  await checkpointed
  await killed.cancel()
  const before = numbersOf(service.applied)
  let first: number | undefined
  source.end()
  const see = ({ n }: Row): void => {
    first ??= n
  }
  const handle = await run(copyJob(source, sink, see), {
    environment: hurriedEnvironment(),
    checkpoints: { to, resume: true },
    logger,
  })
  await handle.result
  expect(first).toBeGreaterThan(200)
  for (let n = 0; n < (first ?? 0); n++) expect(before.has(n), `row ${n}`).toBe(true)
  expect(numbersOf(service.applied)).toEqual(numbersOf(rows))
  expectInOrder(service.applied)
})
