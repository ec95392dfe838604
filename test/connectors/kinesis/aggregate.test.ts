import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Aggregator,
  hashKeyOf,
  hashKeyRange,
  isInRange,
  openAggregate,
  type UserRecord,
} from '../../../connectors/kinesis/aggregation/index.js'
import { awsAggregation, type ReferenceRecord, referenceDecode, sealed, unsealed } from './aggregate-reference.js'

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

/** As the reader does it; undefined: a plain record. */
function decode(data: Uint8Array): ReferenceRecord[] | undefined {
  const aggregate = openAggregate(data, undefined)
  if (aggregate === undefined) return undefined
  const records: ReferenceRecord[] = []
  while (aggregate.next()) {
    expect(aggregate.index).toBe(records.length)
    const { partitionKey, explicitHashKey, data: user } = aggregate
    records.push({ partitionKey, explicitHashKey, data: Buffer.from(user) })
  }
  expect(records.length).toBe(aggregate.count)
  return records
}

function packed(records: readonly UserRecord[]): Uint8Array {
  const aggregator = new Aggregator({ maxBytes: 1_048_576 })
  for (const record of records) aggregator.add(record)
  return aggregator.take()!.data
}

const hashKey = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String)
/** What AWS's library gets right: keys that are no array index, and an explicit hash key for all or for none. */
const awsRecords = fc.boolean().chain((explicit) =>
  fc.array(
    fc.record({
      partitionKey: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((text) => `k${text}`),
      ...(explicit && { explicitHashKey: hashKey }),
      data: fc.uint8Array({ minLength: 1, maxLength: 200 }),
    }),
    { minLength: 2, maxLength: 30 },
  ),
)

describe("agrees with AWS's library", () => {
  test('which reads what we pack', () => {
    fc.assert(
      fc.property(awsRecords, (records) => {
        const Data = packed(records)
        awsAggregation.deaggregateSync({ Data, PartitionKey: 'x', SequenceNumber: '1' }, true, (error, found) => {
          expect(error).toBeFalsy()
          expect(found.map(({ PartitionKey }) => PartitionKey)).toEqual(records.map((record) => record.partitionKey))
          expect(found.map(({ SubSequenceNumber }) => SubSequenceNumber)).toEqual([...records.keys()])
          expect(found.map(({ Data: base64 }) => Buffer.from(base64, 'base64'))).toEqual(
            records.map(({ data }) => Buffer.from(data)),
          )
          if (records[0]?.explicitHashKey === undefined) return
          expect(found.map(({ ExplicitPartitionKey }) => ExplicitPartitionKey)).toEqual(
            records.map(({ explicitHashKey }) => explicitHashKey),
          )
        })
      }),
    )
  })

  test('whose records we read', () => {
    const named = awsRecords.filter((records) => records.every(({ explicitHashKey }) => explicitHashKey === undefined))
    fc.assert(
      fc.property(named, (records) => {
        const aggregator = new awsAggregation.RecordAggregator()
        for (const { partitionKey, data } of records) {
          aggregator.addUserRecord({ partitionKey, data: Buffer.from(data) })
        }
        expect(decode(aggregator.build()!.data)).toEqual(
          records.map(({ partitionKey, data }) => ({
            partitionKey,
            explicitHashKey: undefined,
            data: Buffer.from(data),
          })),
        )
      }),
    )
  })
})

const SEEDS: readonly Uint8Array[] = [
  packed([
    { partitionKey: 'a', data: bytes('one') },
    { partitionKey: 'b', data: bytes('two') },
    { partitionKey: 'a', data: bytes('') },
  ]),
  packed([
    { partitionKey: '1', explicitHashKey: '0', data: bytes('x'.repeat(200)) },
    { partitionKey: '0', explicitHashKey: String(2n ** 128n - 1n), data: bytes('y'.repeat(20)) },
    { partitionKey: '', data: bytes('z') },
  ]),
]

const HOSTILE = [
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0x1a, 0xff, 0xff, 0xff, 0x7f],
  [0x1b, 0x1c],
  [0x1a, 0x00],
  [0x0a, 0x00],
  [0x22, 0x02, 0x0a, 0x00],
  [0x09, 0, 0, 0, 0, 0, 0, 0, 0],
  [0x00],
]

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(6),
  insert: fc.oneof(fc.constantFrom(...HOSTILE), fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 })),
})

function changed(input: Buffer, { at, remove, insert }: { at: number; remove: number; insert: number[] }): Buffer {
  const from = Math.floor(at * input.length)
  return Buffer.concat([input.subarray(0, from), Buffer.from(insert), input.subarray(from + remove)])
}

describe('damaged records', () => {
  test('with a checksum that does not fit are plain records', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SEEDS), fc.array(change, { minLength: 1, maxLength: 3 }), (seed, changes) => {
        const damaged = changes.reduce(changed, Buffer.from(seed))
        expect(decode(damaged)).toEqual(referenceDecode(damaged))
      }),
      { numRuns: 2000 },
    )
  })

  test('with a checksum that fits are read as the format says, or are plain records', () => {
    let sound = 0
    fc.assert(
      fc.property(fc.constantFrom(...SEEDS), fc.array(change, { minLength: 1, maxLength: 3 }), (seed, changes) => {
        const data = sealed(changes.reduce(changed, unsealed(seed)))
        const found = decode(data)
        if (found) sound++
        expect(found).toEqual(referenceDecode(data))
      }),
      { numRuns: 5000 },
    )
    // Some hundred, on the way of most seeds; how many is chance.
    expect(sound).toBeGreaterThan(10)
  })

  test('that end anywhere are plain records', () => {
    for (const seed of SEEDS) {
      for (let length = 0; length < seed.length; length++) expect(decode(seed.subarray(0, length))).toBeUndefined()
      const message = unsealed(seed)
      for (let length = 0; length < message.length; length++) {
        const data = sealed(message.subarray(0, length))
        expect(decode(data)).toEqual(referenceDecode(data))
      }
    }
  })

  test.each([
    ['an index behind its table', [0x0a, 1, 0x61, 0x1a, 4, 0x08, 1, 0x1a, 0]],
    ['a hash key index without a table', [0x0a, 1, 0x61, 0x1a, 6, 0x08, 0, 0x10, 0, 0x1a, 0]],
    ['an index beyond all numbers', [0x0a, 0, 0x1a, 13, 0x08, ...(HOSTILE[0] as number[]), 0x1a, 0]],
    ['a hash key that is no number', [0x0a, 0, 0x12, 1, 0x61, 0x1a, 6, 0x08, 0, 0x10, 0, 0x1a, 0]],
    ['a record without data', [0x0a, 0, 0x1a, 2, 0x08, 0]],
    ['a record without a key', [0x0a, 0, 0x1a, 2, 0x1a, 0]],
    ['a field longer than its record', [0x0a, 0, 0x1a, 4, 0x08, 0, 0x1a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ])('%s', (_, message) => {
    expect(decode(sealed(Uint8Array.from(message)))).toBeUndefined()
  })

  test('tags, unknown fields, tables behind the records and a field twice are all right', () => {
    const message = [
      ...[0x1a, 10, 0x08, 9, 0x22, 1, 0, 0x1a, 1, 0x78, 0x08, 0],
      ...[0x7a, 2, 1, 2],
      ...[0x0a, 1, 0x61],
      ...[0x1a, 7, 0x1a, 0, 0x08, 0, 0x1a, 1, 0x79],
    ]
    expect(decode(sealed(Uint8Array.from(message)))?.map(({ data }) => data.toString())).toEqual(['x', 'y'])
  })

  test('a megabyte of the smallest records, or of the smallest keys, is read through', () => {
    const count = 150_000
    const record = Buffer.from([0x1a, 4, 0x08, 0, 0x1a, 0])
    const records = sealed(Buffer.concat([Buffer.from([0x0a, 0]), Buffer.alloc(record.length * count, record)]))
    const aggregate = openAggregate(records, undefined)!
    expect(aggregate.count).toBe(count)
    let read = 0
    while (aggregate.next()) read += 1 + aggregate.data.length
    expect(read).toBe(count)
    const keys = sealed(Buffer.concat([Buffer.alloc(1_000_000, Buffer.from([0x0a, 0])), record]))
    expect(openAggregate(keys, undefined)?.count).toBe(1)
  })
})

test('a user record is in the shard by its explicit hash key, else by the MD5 of its partition key', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ partitionKey: fc.string(), explicitHashKey: fc.option(hashKey, { nil: undefined }) }), {
        minLength: 2,
        maxLength: 20,
      }),
      fc.tuple(hashKey, hashKey),
      (keys, ends) => {
        const [start, end] = ends.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)) as [string, string]
        const range = hashKeyRange({ start, end })
        const aggregate = openAggregate(packed(keys.map((key) => ({ ...key, data: bytes('x') }))), range)!
        for (const { partitionKey, explicitHashKey } of keys) {
          aggregate.next()
          const key = explicitHashKey === undefined ? BigInt(`0x${hashKeyOf(partitionKey)}`) : BigInt(explicitHashKey)
          expect(aggregate.isInShard).toBe(key >= BigInt(start) && key <= BigInt(end))
        }
      },
    ),
  )
  expect(isInRange(hashKeyOf('a'), hashKeyRange({ start: '0', end: String(2n ** 128n - 1n) }))).toBe(true)
})
