import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Aggregator,
  hashKeyOf,
  hashKeyOfRecord,
  hashKeyRange,
  isInRange,
  openAggregate,
  type UserRecord,
} from '../../../connectors/kinesis/aggregation/index.js'

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

interface Unpacked {
  readonly partitionKey: string
  readonly explicitHashKey: string | undefined
  readonly data: Uint8Array
}

function unpack(data: Uint8Array): Unpacked[] | undefined {
  const aggregate = openAggregate(data, undefined)
  if (aggregate === undefined) return undefined
  const records: Unpacked[] = []
  while (aggregate.next()) {
    const { partitionKey, explicitHashKey } = aggregate
    records.push({ partitionKey, explicitHashKey, data: aggregate.data.slice() })
  }
  return records
}

const userRecords = fc.array(
  fc.record({
    partitionKey: fc.oneof(fc.constantFrom('a', '7', '__proto__', 'constructor', ''), fc.string({ unit: 'grapheme' })),
    explicitHashKey: fc.option(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String), { nil: undefined }),
    data: fc.uint8Array({ maxLength: 300 }),
  }),
  { minLength: 2, maxLength: 60 },
)

test('what was packed comes out again, in order', () => {
  fc.assert(
    fc.property(userRecords, (records) => {
      const aggregator = new Aggregator({ maxBytes: 1_048_576 })
      for (const record of records) expect(aggregator.add(record)).toBe(true)
      const packed = aggregator.take()
      expect(packed).toMatchObject({ partitionKey: records[0]?.partitionKey, count: records.length })
      expect(packed?.explicitHashKey).toBe(records[0]?.explicitHashKey)
      expect(unpack(packed!.data)).toEqual(records)
      expect(aggregator.take()).toBeUndefined()
    }),
  )
})

test('the size that is told before is the size that comes out, and never above the limit', () => {
  fc.assert(
    fc.property(userRecords, fc.integer({ min: 100, max: 3000 }), (records, maxBytes) => {
      const aggregator = new Aggregator({ maxBytes })
      let taken = 0
      const take = (): void => {
        const { bytes: told } = aggregator
        const packed = aggregator.take()!
        const size = packed.data.byteLength + Buffer.byteLength(packed.partitionKey)
        expect(size).toBe(told)
        if (packed.count > 1) expect(size).toBeLessThanOrEqual(maxBytes)
        taken += packed.count
      }
      for (const record of records) {
        if (aggregator.add(record)) continue
        take()
        expect(aggregator.add(record)).toBe(true)
      }
      take()
      expect(taken).toBe(records.length)
      expect(aggregator.bytes).toBe(0)
    }),
  )
})

describe('a full aggregator', () => {
  test('by count refuses the next record and keeps what it has', () => {
    const aggregator = new Aggregator({ maxBytes: 1000, maxCount: 2 })
    const record = (text: string): UserRecord => ({ partitionKey: text, data: bytes(text) })
    expect(['a', 'b', 'c'].map((text) => aggregator.add(record(text)))).toEqual([true, true, false])
    expect(unpack(aggregator.take()!.data)?.map(({ partitionKey }) => partitionKey)).toEqual(['a', 'b'])
  })

  test('takes the largest record that still fits, to the byte', () => {
    const sizes = [0, 1, 127, 128, 16_383, 16_384]
    for (const size of sizes) {
      const aggregator = new Aggregator({ maxBytes: 1_048_576 })
      aggregator.add({ partitionKey: 'a', data: bytes('x') })
      aggregator.add({ partitionKey: 'a', data: new Uint8Array(size) })
      const exact = aggregator.bytes
      for (const [maxBytes, fits] of [
        [exact, true],
        [exact - 1, false],
      ] as const) {
        const limited = new Aggregator({ maxBytes })
        limited.add({ partitionKey: 'a', data: bytes('x') })
        expect(limited.add({ partitionKey: 'a', data: new Uint8Array(size) })).toBe(fits)
      }
    }
  })
})

test('a single record goes out as it is, also when it is beyond the limit', () => {
  const aggregator = new Aggregator({ maxBytes: 10 })
  const record = { partitionKey: 'key', explicitHashKey: '7', data: bytes('more than ten bytes') }
  expect(aggregator.add(record)).toBe(true)
  expect(aggregator.bytes).toBe(22)
  expect(aggregator.take()).toEqual({ ...record, count: 1 })
})

test("hash keys are Kinesis' own: MD5 of the partition key as a 128-bit number, or what is given", () => {
  const decimalOf = (key: string): bigint => BigInt(`0x${createHash('md5').update(key).digest('hex')}`)
  for (const key of ['a', '', 'Zürich', '0'.repeat(256)]) {
    expect(BigInt(`0x${hashKeyOf(key)}`)).toBe(decimalOf(key))
    const around = { start: String(decimalOf(key)), end: String(decimalOf(key)) }
    expect(isInRange(hashKeyOf(key), hashKeyRange(around))).toBe(true)
    expect(isInRange(hashKeyOf(key), hashKeyRange({ start: '0', end: String(decimalOf(key) - 1n) }))).toBe(false)
  }
  const record = { partitionKey: 'a', explicitHashKey: '255' }
  expect(hashKeyOfRecord(record)).toBe('000000000000000000000000000000ff')
  for (const explicitHashKey of ['', '-1', 'ff', String(2n ** 128n), '1'.repeat(100_000)]) {
    expect(hashKeyOfRecord({ ...record, explicitHashKey })).toBeUndefined()
  }
})
