import { describe, expect, test } from 'vitest'
import { Pacer } from '../../../connectors/kinesis/pacer.js'
import { Retry } from '../../../connectors/kinesis/retry.js'
import type { Environment } from '../../../core/environment.js'
import { seededRandom } from '../../../core/random.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { discover, errorOf, LABELS, openReader, put, startStream, textSource } from './fixture.js'

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}`)
}

function clockAt(startMs: number) {
  const real = systemEnvironment()
  const clock = { nowMs: startMs }
  const environment: Environment = { ...real, clock: { now: () => clock.nowMs, monotonic: real.clock.monotonic } }
  return { clock, environment }
}

/** A hundred times as fast. */
function hastyEnvironment(): Environment {
  const real = systemEnvironment()
  return {
    ...real,
    clock: { now: real.clock.now, monotonic: () => real.clock.monotonic() * 100 },
    timers: { after: (ms, callback) => real.timers.after(ms / 100, callback) },
  }
}

describe('readers of one shard', () => {
  const CALLS_PER_SECOND = 5

  /** The limit of a shard, as Kinesis counts it: no more than so many calls in any second. */
  class SharedLimit {
    #granted: number[] = []

    grants(nowMs: number): boolean {
      this.#granted = this.#granted.filter((at) => nowMs - at < 1000)
      if (this.#granted.length >= CALLS_PER_SECOND) return false
      this.#granted.push(nowMs)
      return true
    }
  }

  class Reader {
    readonly #pacer = new Pacer({
      callsPerSecond: CALLS_PER_SECOND,
      bytesPerSecond: 2 * 1024 * 1024,
      pollIntervalMs: 200,
      maxPollIntervalMs: 1000,
      maxRecordsPerCall: 5000,
      targetBytesPerCall: 420 * 1024,
    })
    readonly #retry: Retry
    nextAt: number
    answered = 0
    throttled = 0

    constructor(environment: Environment, startsAt: number) {
      const names = { operatorId: 'events', where: 'shard', endpoint: 'here' }
      this.#retry = new Retry({ environment, ...names, retryForMs: 60_000 })
      this.nextAt = startsAt
    }

    call(nowMs: number, limit: SharedLimit): void {
      this.#pacer.onCall(nowMs)
      if (limit.grants(nowMs)) {
        this.answered++
        this.#retry.onSuccess()
        this.#pacer.onAnswer({ startedAt: nowMs, endedAt: nowMs, records: 100, bytes: 1000, isAtTip: false })
        this.nextAt = this.#pacer.dueAt
        return
      }
      this.throttled++
      this.#pacer.onThrottled()
      const { delayMs, error } = this.#retry.onFailure({ name: 'ProvisionedThroughputExceededException' })
      expect(error).toBeUndefined()
      this.nextAt = Math.max(this.#pacer.dueAt, nowMs + delayMs)
    }
  }

  function simulate(count: number, forMs: number): Reader[] {
    const random = seededRandom(11)
    const environment = { ...virtualEnvironment(), random }
    const limit = new SharedLimit()
    const readers = texts(count).map(() => new Reader(environment, random.next() * 200))
    for (let now = 0; now < forMs; ) {
      const next = readers.reduce((first, reader) => (reader.nextAt < first.nextAt ? reader : first))
      now = next.nextAt
      next.call(now, limit)
    }
    return readers
  }

  test('alone, one is never throttled', () => {
    const [reader] = simulate(1, 60_000)
    expect(reader?.throttled).toBe(0)
    expect(reader?.answered).toBeGreaterThanOrEqual(299)
  })

  test.each([2, 3, 5])('%i share its calls: all get some, few are throttled, most of the limit is used', (count) => {
    const seconds = 300
    const readers = simulate(count, seconds * 1000)
    const answered = readers.reduce((sum, reader) => sum + reader.answered, 0)
    const throttled = readers.reduce((sum, reader) => sum + reader.throttled, 0)
    expect(answered / seconds).toBeGreaterThan(0.7 * CALLS_PER_SECOND)
    expect(throttled).toBeLessThan(0.25 * answered)
    for (const reader of readers) expect(reader.answered).toBeGreaterThan(answered / count / 3)
  })
})

test('one call in ten is throttled, one in ten breaks: each record comes once and in order', async () => {
  const { server, client } = await startStream()
  const words = texts(1500)
  await put(client, words)
  server.faults.add({ operation: 'GetRecords', rate: 0.1, fault: { kind: 'throttle' } })
  server.faults.add({ operation: ['GetRecords', 'GetShardIterator'], rate: 0.1, fault: { kind: 'replyLost' } })
  const never = { callTimeoutMs: 100_000_000, retryForMs: 100_000_000 }
  const source = textSource(server, { endAt: 'tip', maxRecordsPerCall: 50, ...never })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!, { environment: hastyEnvironment() })
  expect(await open.until(() => false)).toEqual(words)
})

test('all iterators expire in the middle: each is fetched anew, and nothing is lost', async () => {
  const { server, client } = await startStream()
  const words = texts(300)
  await put(client, words)
  const source = textSource(server, { endAt: 'tip', bufferRecords: 50, maxRecordsPerCall: 50 })
  const { splits } = await discover(source)
  const open = await openReader(source, splits[0]!, { maxRecords: 50 })
  const all = await open.until(() => open.polled.length === 1)
  server.expireIterators()
  all.push(...(await open.until(() => open.polled.length === 3)))
  server.expireIterators()
  all.push(...(await open.until(() => false)))
  expect(all).toEqual(words)
  expect(open.warnings).toEqual([])
})

describe('credentials that have expired', () => {
  test('are waited for', async () => {
    const { server, client } = await startStream()
    await put(client, ['a'])
    server.faults.add({ operation: 'GetRecords', times: 2, fault: { kind: 'expiredCredentials' } })
    const source = textSource(server, { endAt: 'tip' })
    const { splits } = await discover(source)
    const open = await openReader(source, splits[0]!)
    expect(await open.until(() => false)).toEqual(['a'])
    expect(open.metrics.read()).toMatchObject({ [`retries${LABELS}`]: 2 })
  })

  test('and do not come back are told apart from forbidden ones', async () => {
    const { server } = await startStream()
    server.faults.add({ operation: 'GetRecords', fault: { kind: 'expiredCredentials' } })
    const source = textSource(server, { retryForMs: 200 })
    const { splits } = await discover(source)
    const open = await openReader(source, splits[0]!)
    expect(await errorOf(open.until(() => false))).toMatchObject({
      code: 'KINESIS_CREDENTIALS_EXPIRED',
      retryable: true,
    })
  })
})

describe('a position that expires while the job runs', () => {
  async function leftBehind(onTrimmed: 'fail' | 'continue') {
    const { clock, environment } = clockAt(Date.UTC(2026, 0, 5))
    const { server, client } = await startStream(1, { environment })
    await put(client, texts(10))
    const source = textSource(server, { onTrimmed, bufferRecords: 2 })
    const { splits } = await discover(source, { environment })
    const open = await openReader(source, splits[0]!, { environment, maxRecords: 1 })
    // Then the buffer is full: nothing more is fetched until somebody polls.
    while (open.metrics.read()[`records${LABELS}`] !== 2) await new Promise((resolve) => setImmediate(resolve))
    clock.nowMs += 25 * 3_600_000
    await put(client, ['later'])
    return open
  }

  test('stops the job behind what it holds, and names the gap', async () => {
    const open = await leftBehind('fail')
    const error = await errorOf(open.until(() => false))
    expect(error).toMatchObject({ code: 'KINESIS_POSITION_EXPIRED', message: expect.stringContaining('2026-01-05') })
    expect(open.polled.flatMap(({ values }) => values)).toEqual(['0', '1'])
  })

  test('is passed over where that is asked for, with a warning', async () => {
    const open = await leftBehind('continue')
    const isDone = () => open.polled.some(({ values }) => values.includes('later'))
    expect(await open.until(isDone)).toEqual(['0', '1', 'later'])
    expect(open.warnings.filter((warning) => warning.includes('may be lost'))).toHaveLength(1)
  })
})

describe('the lag of a source', () => {
  test('is that of its shard that is furthest behind, and goes with its readers', async () => {
    const { clock, environment } = clockAt(Date.UTC(2026, 0, 5))
    const { server, client } = await startStream(1, { environment })
    const numbers = await put(client, ['a', 'b'])
    clock.nowMs += 90_000
    const source = textSource(server)
    const { splits } = await discover(source, { environment })
    const open = await openReader(source, splits[0]!, { environment, maxRecords: 1 })
    await open.until(() => open.polled.length === 1)
    // What waits to be taken is that old, although everything was fetched.
    expect(open.metrics.read()).toMatchObject({
      lagMs: 90_000,
      [`lastSequenceNumber${LABELS}`]: Number(numbers[0]),
    })
    clock.nowMs += 5000
    expect(open.metrics.read()).toMatchObject({ lagMs: 95_000 })
    await open.until(() => open.reader.caughtUp)
    expect(open.metrics.read()).toMatchObject({ lagMs: 0, [`millisBehindLatest${LABELS}`]: 0 })
    expect(open.metrics.read()[`emptyReads${LABELS}`]).toBeGreaterThan(0)
    await open.reader.close()
    expect(open.metrics.read()).not.toHaveProperty([`millisBehindLatest${LABELS}`])
    expect(open.metrics.read()).toMatchObject({ lagMs: 0 })
  })
})
