import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchQueue, type Queued } from '../../../connectors/batching/batch-queue.js'
import { seededRandom } from '../../../core/random.js'

const LIMITS = { maxRecordsPerCall: 5, maxBytesPerCall: 100, maxDelayMs: 10 }

interface Numbered extends Queued {
  readonly n: number
}

function record(n: number, key = 'k', bytes = 1): Numbered {
  return { n, orderKey: key, bytes, takenAt: 0 }
}

const numbersOf = (records: readonly Queued[]): number[] => records.map((one) => (one as Numbered).n)

test('a call ends before the record that no longer fits', () => {
  const queue = new BatchQueue<Numbered>(LIMITS, false)
  for (const [n, bytes] of [60, 40, 1, 99, 2].entries()) queue.add(record(n, 'k', bytes))
  expect(numbersOf(queue.take(0))).toEqual([0, 1])
  expect(numbersOf(queue.take(0))).toEqual([2, 3])
  expect(numbersOf(queue.take(0))).toEqual([4])
  expect(queue.take(0)).toEqual([])
})

test('a call is due when it is full, when its oldest record has waited, or at once when it is urgent', () => {
  const queue = new BatchQueue<Numbered>(LIMITS, false)
  expect(queue.dueAt(true)).toBe(Number.POSITIVE_INFINITY)
  queue.add({ ...record(0), takenAt: 7 })
  expect(queue.dueAt(false)).toBe(17)
  expect(queue.dueAt(true)).toBe(0)
  for (let n = 1; n < 5; n++) queue.add(record(n))
  expect(queue.dueAt(false)).toBe(0)
  queue.take(0)
  queue.add(record(5, 'k', 100))
  expect(queue.dueAt(false)).toBe(0)
})

test('what failed goes before the others, and not before its time', () => {
  const queue = new BatchQueue<Numbered>(LIMITS, false)
  for (let n = 0; n < 3; n++) queue.add(record(n))
  const [first, ...rest] = queue.take(0)
  for (const one of rest) queue.acknowledged(one)
  queue.retry([first!], 50)
  queue.add(record(3))
  expect(numbersOf(queue.take(49))).toEqual([3])
  expect(queue.dueAt(false)).toBe(50)
  queue.add(record(4))
  expect(numbersOf(queue.take(50))).toEqual([0, 4])
})

test('retries that do not fit into one call go in the next, none is lost', () => {
  const queue = new BatchQueue<Numbered>(LIMITS, false)
  for (let n = 0; n < 10; n++) queue.add(record(n))
  queue.retry([...queue.take(0), ...queue.take(0)], 1)
  expect(numbersOf(queue.take(1))).toEqual([0, 1, 2, 3, 4])
  expect(numbersOf(queue.take(1))).toEqual([5, 6, 7, 8, 9])
  expect(queue.dueAt(true)).toBe(Number.POSITIVE_INFINITY)
})

test('in order, no two records of a key are under way at once', () => {
  const queue = new BatchQueue<Numbered>(LIMITS, true)
  for (let n = 0; n < 6; n++) queue.add(record(n, n % 2 === 0 ? 'a' : 'b'))
  const first = queue.take(0)
  expect(numbersOf(first)).toEqual([0, 1])
  expect(queue.take(0)).toEqual([])
  queue.acknowledged(first[1]!)
  expect(numbersOf(queue.take(0))).toEqual([3])
  queue.retry([first[0]!], 0)
  expect(numbersOf(queue.take(0))).toEqual([0])
})

test('whatever fails, in whatever order answers come: every record once, each key in order', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 500 }), (seed, keys, count) => {
      const random = seededRandom(seed)
      const queue = new BatchQueue<Numbered>(LIMITS, true)
      const acknowledged: Numbered[] = []
      const underWay: Numbered[][] = []
      let added = 0
      let now = 0
      while (acknowledged.length < count) {
        now++
        if (added < count && random.next() < 0.7) {
          queue.add(record(added, `key-${Math.floor(random.next() * keys)}`, 1 + Math.floor(random.next() * 60)))
          added++
        }
        if (queue.dueAt(true) <= now) {
          // The queue gives back what it was given.
          const batch = queue.take(now) as Numbered[]
          const bytes = batch.reduce((sum, one) => sum + one.bytes, 0)
          expect(batch.length).toBeLessThanOrEqual(LIMITS.maxRecordsPerCall)
          expect(bytes).toBeLessThanOrEqual(LIMITS.maxBytesPerCall)
          if (batch.length > 0) underWay.push(batch)
        }
        if (underWay.length > 3 || random.next() < 0.5) {
          const [batch = []] = underWay.splice(Math.floor(random.next() * underWay.length), 1)
          const failed = batch.filter(() => random.next() < 0.3)
          for (const one of batch) {
            if (failed.includes(one)) continue
            acknowledged.push(one)
            queue.acknowledged(one)
          }
          if (failed.length > 0) queue.retry(failed, now + Math.floor(random.next() * 5))
        }
      }
      expect(new Set(numbersOf(acknowledged)).size).toBe(count)
      const last = new Map<string, number>()
      for (const { n, orderKey } of acknowledged) {
        expect(n).toBeGreaterThan(last.get(orderKey) ?? -1)
        last.set(orderKey, n)
      }
    }),
    { numRuns: 40 },
  )
})

test('what was split goes again in calls of its own, also where one record is larger than a call', () => {
  const queue = new BatchQueue<Numbered>(LIMITS, false)
  for (let n = 0; n < 4; n++) queue.add(record(n, 'k', 20))
  const refused = queue.take(0)
  queue.add(record(4, 'k', 20))
  queue.retry(refused.slice(0, 2), 0, true)
  queue.retry(refused.slice(2), 0, true)
  expect(numbersOf(queue.take(0))).toEqual([0, 1])
  expect(numbersOf(queue.take(0))).toEqual([2, 3])
  queue.limitBytes(10)
  queue.add(record(5, 'k', 5))
  expect(numbersOf(queue.take(0))).toEqual([4])
  expect(numbersOf(queue.take(0))).toEqual([5])
})
