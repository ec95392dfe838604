import { expect, test } from 'vitest'
import { PutRate } from '../../../connectors/kinesis/sink/put-rate.js'

/** A stream that takes so many records a second, a second's worth at once; calls of `batch` records, 20 ms each. */
function run(
  rate: PutRate,
  options: { capacity: (now: number) => number; forMs: number; from?: number; batch?: number },
) {
  const { capacity, forMs, from = 0, batch = 100 } = options
  const answers: { readonly at: number; readonly taken: number; readonly refused: number }[] = []
  let tokens = 0
  let taken = 0
  let refused = 0
  for (let now = from; now < from + forMs; now++) {
    tokens = Math.min(capacity(now), tokens + capacity(now) / 1000)
    while (answers[0] !== undefined && answers[0].at <= now) {
      const answer = answers.shift()!
      rate.onAnswer(answer.taken, answer.refused, now)
    }
    while (answers.length < 8 && rate.allowedAt(now) <= now) {
      const good = Math.min(batch, Math.floor(tokens))
      tokens -= good
      taken += good
      refused += batch - good
      answers.push({ at: now + 20, taken: good, refused: batch - good })
      rate.onCall(batch, now)
    }
  }
  return { takenPerSecond: (taken * 1000) / forMs, refusedShare: refused / (taken + refused) }
}

test('without throttling there is no limit', () => {
  const rate = new PutRate(0)
  run(rate, { capacity: () => 1e9, forMs: 1000 })
  expect(rate.perSecond).toBe(Number.POSITIVE_INFINITY)
})

test('the rate finds what the stream takes, and throttling becomes rare', () => {
  const rate = new PutRate(0)
  run(rate, { capacity: () => 2000, forMs: 10_000 })
  const { takenPerSecond, refusedShare } = run(rate, { capacity: () => 2000, from: 10_000, forMs: 60_000 })
  expect(takenPerSecond).toBeGreaterThan(1700)
  expect(refusedShare).toBeLessThan(0.03)
})

test('it follows a stream that takes less, and one that takes more again', () => {
  const rate = new PutRate(0)
  run(rate, { capacity: () => 4000, forMs: 20_000 })
  const less = run(rate, { capacity: () => 1000, from: 20_000, forMs: 30_000 })
  expect(less.takenPerSecond).toBeGreaterThan(850)
  expect(less.refusedShare).toBeLessThan(0.25)
  run(rate, { capacity: () => 4000, from: 50_000, forMs: 60_000 })
  const more = run(rate, { capacity: () => 4000, from: 110_000, forMs: 20_000 })
  expect(more.takenPerSecond).toBeGreaterThan(3200)
})

test('a rate that is not used up does not grow', () => {
  const rate = new PutRate(0)
  run(rate, { capacity: () => 2000, forMs: 10_000 })
  const before = rate.perSecond
  for (let now = 11_000; now < 60_000; now += 1000) {
    rate.allowedAt(now)
    rate.onCall(10, now)
    rate.onAnswer(10, 0, now + 20)
  }
  expect(rate.perSecond).toBeLessThanOrEqual(before + 100)
})

test('everything throttled halves it, down to a rate at which a record still gets through', () => {
  const rate = new PutRate(0)
  rate.onAnswer(0, 300, 300)
  expect(rate.perSecond).toBeCloseTo(500, 0)
  for (let now = 600; now <= 30_000; now += 300) rate.onAnswer(0, 300, now)
  expect(rate.perSecond).toBe(50)
})

test('a quiet time before a burst is not taken for a low rate', () => {
  const rate = new PutRate(0)
  rate.onAnswer(2500, 2500, 60_000)
  expect(rate.perSecond).toBeGreaterThan(3000)
})
