import { expect, test } from 'vitest'
import { Pacer, type PacerSettings } from '../../../connectors/kinesis/pacer.js'
import { Retry } from '../../../connectors/kinesis/retry.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'

const KIB = 1024
const SETTINGS: PacerSettings = {
  callsPerSecond: 5,
  bytesPerSecond: 2048 * KIB,
  pollIntervalMs: 200,
  maxPollIntervalMs: 1000,
  maxRecordsPerCall: 5000,
  targetBytesPerCall: 1024 * KIB,
}

/** A call at `startedAt` that takes 50 ms. */
function call(pacer: Pacer, startedAt: number, answer: { records: number; bytes: number; isAtTip: boolean }): number {
  pacer.onCall(startedAt)
  pacer.onAnswer({ startedAt, endedAt: startedAt + 50, ...answer })
  return pacer.dueAt
}

test('behind the tip calls follow each other at five a second', () => {
  const pacer = new Pacer(SETTINGS)
  expect(pacer.dueAt).toBe(0)
  expect(call(pacer, 1000, { records: 10, bytes: 1000, isAtTip: false })).toBe(1200)
  expect(call(pacer, 1200, { records: 0, bytes: 0, isAtTip: false })).toBe(1400)
})

test('a large answer is paid for before the next call', () => {
  const pacer = new Pacer(SETTINGS)
  expect(call(pacer, 0, { records: 10, bytes: 10 * 1024 * KIB, isAtTip: false })).toBe(5000)
})

test('at the tip empty reads wait longer and longer, up to the limit; a record starts over', () => {
  const pacer = new Pacer(SETTINGS)
  const empty = { records: 0, bytes: 0, isAtTip: true }
  const waits = [0, 10_000, 20_000, 30_000].map((at) => call(pacer, at, empty) - at - 50)
  expect(waits).toEqual([400, 800, 1000, 1000])
  expect(call(pacer, 40_000, { records: 1, bytes: 10, isAtTip: true })).toBe(40_250)
})

test('hurry skips the wait at the tip, and keeps the limit', () => {
  const pacer = new Pacer(SETTINGS)
  call(pacer, 0, { records: 0, bytes: 0, isAtTip: true })
  pacer.hurry()
  expect(pacer.dueAt).toBe(200)
})

test('without limits a reader behind the tip calls at once', () => {
  const unlimited = { ...SETTINGS, callsPerSecond: Number.POSITIVE_INFINITY, bytesPerSecond: Number.POSITIVE_INFINITY }
  expect(call(new Pacer(unlimited), 70, { records: 10, bytes: 1e7, isAtTip: false })).toBe(70)
})

test('the number of records asked for follows their size', () => {
  const pacer = new Pacer(SETTINGS)
  expect(pacer.limit).toBe(1000)
  call(pacer, 0, { records: 100, bytes: 100 * KIB, isAtTip: false })
  expect(pacer.limit).toBe(1024)
  call(pacer, 0, { records: 100, bytes: 300 * KIB, isAtTip: false })
  expect(pacer.limit).toBe(512)
  for (let i = 0; i < 20; i++) call(pacer, 0, { records: 100, bytes: 1000, isAtTip: false })
  expect(pacer.limit).toBe(5000)
  for (let i = 0; i < 20; i++) call(pacer, 0, { records: 1, bytes: 2048 * KIB, isAtTip: false })
  expect(pacer.limit).toBe(1)
})

test('a throttled call halves the pace, good answers give it back; answers grow meanwhile', () => {
  const pacer = new Pacer(SETTINGS)
  const answer = { records: 100, bytes: 100 * KIB, isAtTip: false }
  call(pacer, 0, answer)
  expect(pacer.limit).toBe(1024)
  pacer.onThrottled()
  expect(call(pacer, 1000, answer) - 1000).toBe(400)
  expect(pacer.limit).toBeGreaterThan(1900)
  for (let i = 0; i < 10; i++) pacer.onThrottled()
  pacer.onCall(2000)
  expect(pacer.allowedAt).toBe(2000 + 16 * 200)
  expect(pacer.limit).toBe(4096)
  for (let i = 0; i < 40; i++) call(pacer, 10_000, answer)
  expect(call(pacer, 20_000, answer)).toBe(20_200)
  expect(pacer.limit).toBe(1024)
})

test('backoff grows with jitter up to five seconds, and gives up when the budget is spent', async () => {
  const environment = virtualEnvironment({ seed: 7 })
  const retry = new Retry({ environment, operatorId: 'events', where: 'shard', endpoint: 'here', retryForMs: 60_000 })
  const failure = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
  const delays: number[] = []
  for (;;) {
    const { error, delayMs } = retry.onFailure(failure)
    if (error) {
      expect(error).toMatchObject({ code: 'KINESIS_UNAVAILABLE', retryable: true })
      break
    }
    delays.push(delayMs)
    await environment.advance(delayMs)
  }
  for (const [index, delay] of delays.entries()) {
    const ceiling = Math.min(5000, 100 * 2 ** index)
    expect(delay).toBeGreaterThanOrEqual(ceiling / 2)
    expect(delay).toBeLessThanOrEqual(ceiling)
  }
  expect(environment.clock.monotonic()).toBeGreaterThan(55_000)
  expect(environment.clock.monotonic()).toBeLessThanOrEqual(60_000)
})

test('a success gives the whole budget back', async () => {
  const environment = virtualEnvironment()
  const retry = new Retry({ environment, operatorId: 'events', where: 'shard', endpoint: 'here', retryForMs: 1000 })
  const failure = new Error('connect ECONNREFUSED')
  retry.onFailure(failure)
  await environment.advance(900)
  retry.onSuccess()
  await environment.advance(900)
  expect(retry.onFailure(failure).error).toBeUndefined()
})
