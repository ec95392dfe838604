import { describe, expect, test } from 'vitest'
import type { MalformedPolicy } from '../../../core/connector.js'
import { jsonUnchecked, lines, RecordDecoding } from '../../../core/decode/index.js'
import { TidemarkError } from '../../../core/errors.js'

const META = { split: 'shard-1', offset: '0', arrivedAt: 5 }
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

function decoding(policy: MalformedPolicy): RecordDecoding<number> {
  return new RecordDecoding({ decoder: jsonUnchecked<number>(), policy, operatorId: 'events', now: () => 99 })
}

function feed(target: RecordDecoding<number>, contents: readonly string[]): void {
  for (const [index, content] of contents.entries()) {
    const raw = bytes(content)
    target.decode(raw, { split: 'shard-1', offset: String(index), arrivedAt: 5 }, raw)
  }
}

describe('each record ends in exactly one place', () => {
  test('deadLetter keeps what a replay needs, as a copy', () => {
    const target = decoding('deadLetter')
    const raw = bytes('{')
    target.decode(raw, { split: 'shard-1', offset: '9', arrivedAt: 77, partitionKey: 'p', explicitHashKey: '7' }, raw)
    feed(target, ['1'])
    raw.fill(0)
    expect(target.size).toBe(2)
    expect(target.take()).toEqual({
      values: [1],
      offsets: ['0'],
      rejected: [
        {
          operatorId: 'events',
          split: 'shard-1',
          offset: '9',
          code: 'RECORD_MALFORMED',
          message: expect.stringContaining('expected JSON'),
          raw: bytes('{'),
          isPart: false,
          arrivedAt: 77,
          partitionKey: 'p',
          explicitHashKey: '7',
          rejectedAt: 99,
        },
      ],
    })
    expect(target.take()).toBeUndefined()
  })

  test('skip counts', () => {
    const target = decoding('skip')
    feed(target, ['1', 'x', 'y', '2'])
    expect(target.take()).toEqual({ values: [1, 2], offsets: ['0', '3'], skipped: 2 })
  })

  test('fail throws with operator, split and offset', () => {
    const target = decoding('fail')
    expect(() => feed(target, ['1', 'x'])).toThrow(
      expect.objectContaining({
        code: 'RECORD_MALFORMED',
        operatorId: 'events',
        location: 'split shard-1, offset 1',
        message: expect.stringMatching(/source 'events', split shard-1, offset 1: expected JSON.*onMalformed/),
      }),
    )
  })
})

test('a decoder that throws anything makes the record malformed', () => {
  const target = new RecordDecoding<number>({
    decoder: () => {
      throw 'odd'
    },
    policy: 'deadLetter',
    operatorId: 'events',
    now: () => 99,
  })
  feed(target, ['1'])
  expect(target.take()?.rejected?.[0]).toMatchObject({ code: 'RECORD_MALFORMED', message: 'odd' })
})

test("a decoder's own RECORD_ code is kept", () => {
  const target = new RecordDecoding<number>({
    decoder: () => {
      throw new TidemarkError({ code: 'RECORD_UNKNOWN_TYPE', domain: 'user', message: 'type 9' })
    },
    policy: 'deadLetter',
    operatorId: 'events',
    now: () => 99,
  })
  feed(target, ['1'])
  expect(target.take()?.rejected?.[0]).toMatchObject({ code: 'RECORD_UNKNOWN_TYPE' })
})

test("a decoder's own TidemarkError makes the record malformed, whatever its code", () => {
  const target = new RecordDecoding<number>({
    decoder: () => {
      throw new TidemarkError({ code: 'MY_FORMAT_BROKEN', domain: 'user', message: 'broken' })
    },
    policy: 'deadLetter',
    operatorId: 'events',
    now: () => 99,
  })
  feed(target, ['1'])
  expect(target.take()?.rejected?.[0]).toMatchObject({ code: 'MY_FORMAT_BROKEN', message: 'broken' })
})

test('of a value among several of a record the dead letter has the bytes of that value alone', () => {
  const target = decoding('deadLetter')
  for (const piece of lines(jsonUnchecked<number>()).pieces(bytes('1\nx\n2'), META)) target.decodePiece(piece, META)
  expect(target.take()).toMatchObject({ values: [1, 2], rejected: [{ raw: bytes('x'), isPart: true }] })
})

test('an error that is not about the record stops the job whatever the policy', () => {
  const target = new RecordDecoding<number>({
    decoder: () => {
      throw new TidemarkError({ code: 'SCHEMA_ASYNC', domain: 'user', message: 'async' })
    },
    policy: 'skip',
    operatorId: 'events',
    now: () => 99,
  })
  expect(() => feed(target, ['1'])).toThrow(expect.objectContaining({ code: 'SCHEMA_ASYNC' }))
})

test('a decoder that returns a promise is detected', () => {
  const target = new RecordDecoding({
    decoder: async () => Promise.reject(new Error('nobody waits')),
    policy: 'skip',
    operatorId: 'events',
    now: () => 99,
  })
  expect(() => target.decode(bytes('1'), { split: 's', offset: '0', arrivedAt: undefined }, bytes('1'))).toThrow(
    expect.objectContaining({ code: 'DECODER_ASYNC', operatorId: 'events' }),
  )
})

test('arrival times become timestamps where asked for, and must then be there', () => {
  const target = new RecordDecoding<number>({
    decoder: jsonUnchecked<number>(),
    policy: 'fail',
    operatorId: 'events',
    now: () => 99,
    arrivalTimestamps: true,
  })
  feed(target, ['1', '2'])
  expect(target.take()).toEqual({ values: [1, 2], timestamps: [5, 5], offsets: ['0', '1'] })
  expect(() => target.decode(bytes('1'), { split: 's', offset: '0', arrivedAt: undefined }, bytes('1'))).toThrow(
    expect.objectContaining({ code: 'ARRIVAL_TIME_MISSING' }),
  )
})
