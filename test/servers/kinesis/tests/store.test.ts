import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evenHashRanges, hashKeyOfDecimal, hashKeyOfPartitionKey, hashRouter, hexHashKey } from '../store/hash-range.js'
import { formatSequenceNumber, parseSequenceNumber } from '../store/sequence-number.js'
import { ShardLog } from '../store/shard-log.js'
import { Stream } from '../store/stream.js'

function newStream(shardCount: number): Stream {
  const settings = { name: 's', arn: 'arn', epoch: 1, activeAtMonotonicMs: 0, retentionBytes: Number.POSITIVE_INFINITY }
  const configuration = { mode: 'PROVISIONED', retentionMs: 1e9, floorMs: 0, keyId: undefined, tags: {} } as const
  return new Stream(settings, configuration).open(shardCount)
}

const hashKey = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n })

describe('hash ranges', () => {
  test('even ranges cover the space without gap or overlap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (count) => {
        const ranges = evenHashRanges(count)
        expect(ranges).toHaveLength(count)
        expect(ranges[0]?.start).toBe(0n)
        expect(ranges.at(-1)?.end).toBe(2n ** 128n - 1n)
        for (let i = 1; i < count; i++) expect(ranges[i]?.start).toBe(ranges[i - 1]!.end + 1n)
      }),
    )
  })

  test('a key is routed to the range that contains it, whatever the order of the owners', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), hashKey, fc.integer(), (count, key, seed) => {
        const owners = evenHashRanges(count).map((hashRange) => ({ hashRange }))
        const rotated = [...owners.slice(Math.abs(seed) % count), ...owners.slice(0, Math.abs(seed) % count)]
        const { hashRange } = hashRouter(rotated)(hexHashKey(key))
        expect(hashRange.start <= key && key <= hashRange.end).toBe(true)
      }),
    )
  })

  test('hash keys are 32 hex digits, and a decimal beyond the space is none', () => {
    expect(hashKeyOfPartitionKey('taxi')).toBe(createHash('md5').update('taxi').digest('hex'))
    expect(hashKeyOfDecimal('255')).toBe(`${'0'.repeat(30)}ff`)
    expect(hashKeyOfDecimal((2n ** 128n - 1n).toString())).toBe('f'.repeat(32))
    expect(hashKeyOfDecimal((2n ** 128n).toString())).toBeUndefined()
  })
})

describe('sequence numbers', () => {
  const number = fc.record({
    epoch: fc.integer({ min: 0, max: 4e12 }),
    counter: fc.maxSafeNat(),
    shardIndex: fc.integer({ min: 0, max: 999_999 }),
  })

  test('read back as they were written, in text order', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [textA, textB] = [formatSequenceNumber(a), formatSequenceNumber({ ...b, epoch: a.epoch })]
        expect(parseSequenceNumber(textA)).toEqual(a)
        if (a.counter !== b.counter) expect(textA < textB).toBe(a.counter < b.counter)
        expect(BigInt(textA) < BigInt(textB)).toBe(textA < textB)
      }),
    )
  })

  test.each([
    '',
    '0',
    '49',
    'x'.repeat(56),
    '9'.repeat(56),
    `48${'0'.repeat(54)}`,
    `49${'0'.repeat(15)}1${'0'.repeat(38)}`,
  ])('what was never given out is none: %j', (text) => {
    expect(parseSequenceNumber(text)).toBeUndefined()
  })
})

describe('the log of a shard', () => {
  interface Model {
    readonly counter: number
    readonly arrivalMs: number
    readonly partitionKey: string
    readonly data: Buffer
  }
  const steps = fc.array(
    fc.record({
      counterStep: fc.integer({ min: 1, max: 5 }),
      arrivalStep: fc.integer({ min: 0, max: 3 }),
      partitionKey: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
      size: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 5000, max: 40_000 })),
    }),
    { maxLength: 80 },
  )

  function fill(log: ShardLog, given: typeof steps extends fc.Arbitrary<infer T> ? T : never): Model[] {
    let counter = 0
    let arrivalMs = 1000
    return given.map(({ counterStep, arrivalStep, partitionKey, size }) => {
      counter += counterStep
      arrivalMs += arrivalStep
      const data = Buffer.alloc(size, counter)
      log.append({ partitionKey, partitionKeyBytes: Buffer.byteLength(partitionKey), data }, counter, arrivalMs)
      return { counter, arrivalMs, partitionKey, data }
    })
  }

  test('reads what a plain array would give', () => {
    const query = fc.record({
      fromCounter: fc.nat(400),
      notBeforeMs: fc.integer({ min: 990, max: 1250 }),
      maxRecords: fc.integer({ min: 1, max: 30 }),
      maxBytes: fc.integer({ min: 1, max: 200_000 }),
    })
    fc.assert(
      fc.property(steps, fc.array(query, { maxLength: 10 }), (given, queries) => {
        const log = new ShardLog()
        const model = fill(log, given)
        expect(log.records).toBe(model.length)
        for (const { fromCounter, notBeforeMs, maxRecords, maxBytes } of queries) {
          const matching = model.filter((r) => r.counter >= fromCounter && r.arrivalMs >= notBeforeMs)
          let bytes = 0
          const fitting = matching.slice(0, maxRecords).filter((r, index) => {
            bytes += r.data.length + Buffer.byteLength(r.partitionKey)
            return index === 0 || bytes <= maxBytes
          })
          const read = log.read(fromCounter, notBeforeMs, { maxRecords, maxBytes })
          expect(read.hasMore).toBe(fitting.length < matching.length)
          expect(
            read.records.map(({ counter, arrivalMs, partitionKey }) => [counter, arrivalMs, partitionKey]),
          ).toEqual(fitting.map(({ counter, arrivalMs, partitionKey }) => [counter, arrivalMs, partitionKey]))
          expect(read.records.every((r, i) => r.dataBase64 === fitting[i]?.data.toString('base64'))).toBe(true)
          expect(log.counterAtArrival(notBeforeMs)).toBe(model.find((r) => r.arrivalMs >= notBeforeMs)?.counter)
        }
      }),
    )
  })

  test('trimming drops nothing that is young enough and accounts for what it dropped', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 990, max: 1250 }), (given, beforeMs) => {
        const log = new ShardLog()
        const model = fill(log, given)
        const dropped = log.trimBefore(beforeMs)
        expect(log.records).toBe(model.length - dropped)
        expect(model.slice(0, dropped).every((r) => r.arrivalMs < beforeMs)).toBe(true)
        const left = log.read(0, 0, { maxRecords: 1000, maxBytes: 1e9 }).records
        expect(left.map((r) => r.counter)).toEqual(model.slice(dropped).map((r) => r.counter))
        if (model.every((r) => r.arrivalMs < beforeMs)) expect(log.heldBytes).toBe(0)
      }),
    )
  })

  test('a look-up by number does not walk the log', () => {
    const log = new ShardLog()
    const record = { partitionKey: 'k', partitionKeyBytes: 1, data: Buffer.alloc(8) }
    for (let counter = 1; counter <= 300_000; counter++) log.append(record, counter, counter)
    let found = 0
    const begun = process.cpuUsage()
    for (let counter = 1; counter <= 300_000; counter += 3) {
      found += log.read(counter, 0, { maxRecords: 1, maxBytes: 100 }).records[0]?.counter === counter ? 1 : 0
    }
    const { user, system } = process.cpuUsage(begun)
    expect(found).toBe(100_000)
    // A walk would visit 15,000,000,000 records; the searches need well under a second.
    expect((user + system) / 1e6).toBeLessThan(10)
  })
})

describe('resharding of a stream', () => {
  test('after any splits and merges the open shards cover the hash space', () => {
    const action = fc.record({ merge: fc.boolean(), pick: fc.nat(), at: fc.bigInt({ min: 1n, max: 2n ** 64n }) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(action, { maxLength: 20 }),
        hashKey,
        (count, actions, key) => {
          const stream = newStream(count)
          for (const { merge, pick, at } of actions) {
            const open = [...stream.openShards()].sort((a, b) => (a.hashRange.start < b.hashRange.start ? -1 : 1))
            const index = pick % open.length
            const { start, end } = open[index]!.hashRange
            if (merge && index + 1 < open.length) {
              stream.reshard([open[index]!, open[index + 1]!], [{ start, end: open[index + 1]!.hashRange.end }], 10)
            } else if (end - start > at) {
              const halves = [
                { start, end: start + at - 1n },
                { start: start + at, end },
              ]
              stream.reshard([open[index]!], halves, 10)
            }
          }
          const open = [...stream.openShards()].sort((a, b) => (a.hashRange.start < b.hashRange.start ? -1 : 1))
          let next = 0n
          for (const { hashRange } of open) {
            expect(hashRange.start).toBe(next)
            next = hashRange.end + 1n
          }
          expect(next).toBe(2n ** 128n)
          const owner = stream.shardOf(hexHashKey(key))
          expect(owner.isOpen && owner.hashRange.start <= key && key <= owner.hashRange.end).toBe(true)
        },
      ),
    )
  })

  test('ranges that do not add up to the parents are refused', () => {
    const stream = newStream(2)
    const [first] = stream.openShards()
    expect(() => stream.reshard([first!], [{ start: 0n, end: 5n }], 10)).toThrow('same total hash range')
    expect(stream.openShards()).toHaveLength(2)
  })
})
