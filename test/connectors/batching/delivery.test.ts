import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CallAnswer, RecordOutcome } from '../../../connectors/batching/call.js'
import type { Outgoing } from '../../../connectors/batching/delivery.js'
import { BatchWriter } from '../../../connectors/batching/writer.js'
import { Batch } from '../../../core/element.js'
import { TidemarkError } from '../../../core/errors.js'
import { seededRandom } from '../../../core/random.js'
import { type VirtualEnvironment, virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { OperatorMetrics } from '../../../runtime/observe/metrics.js'

interface Row extends Outgoing {
  readonly n: number
}

type Send = (records: readonly Row[], signal: AbortSignal) => Promise<CallAnswer>

const NUMBERS = {
  maxRecordsPerCall: 10,
  maxBytesPerCall: 100,
  maxDelayMs: 50,
  parallelCalls: 4,
  retryForMs: 600_000,
  callTimeoutMs: 10_000,
  bufferRecords: 60,
  bufferBytes: 500,
}

const rejection = new TidemarkError({ code: 'REFUSED', domain: 'user', message: 'refused' })
const gaveUp = new TidemarkError({ code: 'GAVE_UP', domain: 'connector', message: 'for long enough', retryable: true })

function openWriter(environment: VirtualEnvironment, send: Send, numbers: Partial<typeof NUMBERS> = {}) {
  const metrics = new OperatorMetrics()
  const rejected: number[] = []
  let wakes = 0
  const ignore = (): void => undefined
  const writer = new BatchWriter<number, Row>({
    context: {
      operatorId: 'out',
      subtask: { index: 0, parallelism: 1 },
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      parameters: {},
      signal: new AbortController().signal,
      ...{ environment, metrics, lineage: 'a', generation: 1, claimedAt: 0, restored: [] },
      wake: () => wakes++,
    },
    numbers: { ...NUMBERS, ...numbers },
    isOrdered: true,
    recordsOf: ({ values }, row, takenAt) => {
      const n = values[row]!
      return [{ n, bytes: 1 + (n % 30), orderKey: `key-${n % 7}`, takenAt, failures: 0, failedAt: 0 }]
    },
    send,
    onRejected: ({ n }) => void rejected.push(n),
    gaveUp: () => gaveUp,
  })
  return { writer, metrics, rejected, wakes: () => wakes }
}

/** Offers all rows as a task does, moving time whenever nothing else happens. */
async function writeAll(environment: VirtualEnvironment, writer: BatchWriter<number, Row>, count: number) {
  const batch = new Batch(
    Array.from({ length: count }, (_, n) => n),
    new Array<number>(count).fill(0),
  )
  for (let next = 0; next < count; next = writer.write(batch, next)) await environment.advance(20)
  let isFlushed = false
  const flushed = writer.prepareCommit().finally(() => {
    isFlushed = true
  })
  flushed.catch(() => undefined)
  while (!isFlushed) await environment.advance(100)
  await flushed
}

test('whatever calls come to: every record once or rejected, in the order of its key, within all bounds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 120 }), async (seed, count) => {
      const environment = virtualEnvironment({ seed })
      const random = seededRandom(seed)
      const taken: number[] = []
      let inFlight = 0
      const outcome = ({ n }: Row): RecordOutcome => {
        const chance = random.next()
        if (chance < 0.2) return { kind: 'retry', said: 'later', isThrottled: chance < 0.1 }
        if (chance < 0.25) return { kind: 'rejected', problem: rejection }
        taken.push(n)
        return { kind: 'done' }
      }
      const { writer, rejected, metrics } = openWriter(environment, async (records) => {
        expect(++inFlight).toBeLessThanOrEqual(NUMBERS.parallelCalls)
        expect(records.length).toBeLessThanOrEqual(NUMBERS.maxRecordsPerCall)
        const bytes = records.reduce((sum, record) => sum + record.bytes, 0)
        expect(bytes <= NUMBERS.maxBytesPerCall || records.length === 1).toBe(true)
        expect(new Set(records.map(({ orderKey }) => orderKey)).size).toBe(records.length)
        await environment.yield()
        inFlight--
        const chance = random.next()
        if (chance < 0.1) return { kind: 'retry', said: 'down', isThrottled: false }
        if (chance < 0.2) return { kind: 'retry', said: 'busy', isThrottled: true }
        if (chance < 0.25) return { kind: 'split', isTooLarge: chance < 0.22, problem: rejection }
        return { kind: 'records', outcomes: records.map(outcome) }
      })
      await writeAll(environment, writer, count)
      expect([...taken, ...rejected].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n))
      expect(metrics.counter('records').value).toBe(taken.length)
      for (let key = 0; key < 7; key++) {
        const ofKey = taken.filter((n) => n % 7 === key)
        expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b))
      }
      await writer.close()
    }),
    { numRuns: 40 },
  )
})

test('a call waits for others no longer than it may, and goes at once when it is full', async () => {
  const environment = virtualEnvironment()
  const calls: { readonly at: number; readonly records: number }[] = []
  const { writer } = openWriter(environment, async (records) => {
    calls.push({ at: environment.clock.monotonic(), records: records.length })
    return { kind: 'records', outcomes: records.map(() => ({ kind: 'done' })) }
  })
  const offer = (...values: number[]): number => writer.write(new Batch(values, values), 0)
  offer(0, 1, 2)
  await environment.advance(49)
  expect(calls).toEqual([])
  await environment.advance(1)
  expect(calls).toEqual([{ at: 50, records: 3 }])
  // 100 bytes, of seven keys.
  offer(19, 20, 21, 22, 23)
  await environment.settle()
  expect(calls).toEqual([
    { at: 50, records: 3 },
    { at: 50, records: 4 },
  ])
  await writer.close()
})

test('what fails is sent again later and later, with jitter, until it has been tried for long enough', async () => {
  const environment = virtualEnvironment()
  const at: number[] = []
  const { writer } = openWriter(
    environment,
    async () => {
      at.push(environment.clock.monotonic())
      return { kind: 'retry', said: 'down', isThrottled: false }
    },
    { retryForMs: 60_000 },
  )
  await expect(writeAll(environment, writer, 1)).rejects.toBe(gaveUp)
  const delays = at.slice(1).map((time, index) => time - at[index]!)
  for (const [attempt, delay] of delays.entries()) {
    const ceiling = Math.min(10_000, 100 * 2 ** attempt)
    expect(delay).toBeGreaterThanOrEqual(ceiling / 2)
    expect(delay).toBeLessThanOrEqual(ceiling)
  }
  expect(at.at(-1)).toBeGreaterThan(45_000)
  expect(at.at(-1)).toBeLessThanOrEqual(60_100)
  expect(new Set(delays.map((delay, attempt) => delay / Math.min(10_000, 100 * 2 ** attempt))).size).toBeGreaterThan(1)
})

test('a service that has too much to do gets fewer calls at once, and more again when it recovers', async () => {
  const environment = virtualEnvironment()
  let isBusy = true
  let [inFlight, most] = [0, 0]
  const { writer } = openWriter(
    environment,
    async (records) => {
      most = Math.max(most, ++inFlight)
      await environment.yield()
      inFlight--
      if (isBusy) return { kind: 'retry', said: 'busy', isThrottled: true }
      return { kind: 'records', outcomes: records.map(() => ({ kind: 'done' })) }
    },
    { maxRecordsPerCall: 1 },
  )
  const batch = new Batch(
    Array.from({ length: 7 }, (_, n) => n),
    new Array<number>(7).fill(0),
  )
  writer.write(batch, 0)
  for (let round = 0; round < 10; round++) await environment.advance(1000)
  expect(most).toBe(4)
  most = 0
  for (let round = 0; round < 20; round++) await environment.advance(1000)
  expect(most).toBe(1)
  isBusy = false
  for (let round = 0; round < 40; round++) {
    writer.write(batch, 0)
    await environment.advance(1000)
  }
  expect(most).toBe(4)
  await writer.close()
})

test('a call that has no answer in time is given up and sent again', async () => {
  const environment = virtualEnvironment()
  const reasons: string[] = []
  const { writer } = openWriter(environment, (records, signal) => {
    if (reasons.length > 0) return Promise.resolve({ kind: 'records', outcomes: records.map(() => ({ kind: 'done' })) })
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        reasons.push((signal.reason as DOMException).name)
        resolve({ kind: 'retry', said: 'silence', isThrottled: false })
      })
    })
  })
  await writeAll(environment, writer, 1)
  expect(reasons).toEqual(['TimeoutError'])
  await writer.close()
})
