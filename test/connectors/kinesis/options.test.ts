import { expect, test } from 'vitest'
import { z } from 'zod'
import { type KinesisOptions, kinesis } from '../../../connectors/kinesis/index.js'
import { json } from '../../../core/decode/index.js'
import { localKinesisClient } from '../../servers/kinesis/client.js'

const CONSUMER_ARN = 'arn:aws:kinesis:eu-west-1:123456789012:stream/a/consumer/job:1'
const good = { stream: 'taxi', startAt: 'horizon', decode: () => 1 } as const

test.each([
  ['no stream', { ...good, stream: undefined }, 'either stream'],
  [
    'both stream and ARN',
    { ...good, streamArn: 'arn:aws:kinesis:eu-west-1:123456789012:stream/taxi' },
    'either stream',
  ],
  ['a stream name with a blank', { ...good, stream: 'my taxi' }, "found 'my taxi'"],
  ['an ARN of something else', { ...good, stream: undefined, streamArn: 'arn:aws:s3:::taxi' }, 'streamArn is like'],
  ['an unknown start', { ...good, startAt: 'newest' }, 'found newest'],
  ['a start at no time', { ...good, startAt: { timestamp: Number.NaN } }, 'startAt.timestamp'],
  ['an invalid Date', { ...good, startAt: { timestamp: new Date('x') } }, 'startAt.timestamp'],
  ['a position that is both', { ...good, startAt: { shards: { a: { at: '1', after: '2' } } } }, "startAt.shards['a']"],
  ['a sequence number that is none', { ...good, startAt: { shards: { a: { at: 'x' } } } }, "startAt.shards['a']"],
  ['an empty start', { ...good, startAt: {} }, 'either timestamp or shards'],
  ['no decoder', { ...good, decode: undefined }, 'decode is a decoder'],
  ['an end elsewhere', { ...good, endAt: 'horizon' }, "endAt is 'tip'"],
  ['an unknown policy', { ...good, onMalformed: 'ignore' }, "found 'ignore'"],
  [
    'an end before the start',
    { ...good, startAt: { timestamp: 2000 }, endAt: { timestamp: 1999 } },
    'endAt lies before',
  ],
  [
    'a shard that ends before it starts',
    { ...good, startAt: { shards: { a: { at: '100' } } }, endAt: { shards: { a: { after: '99' } } } },
    "shards['a']",
  ],
  [
    'a longest wait that is shorter',
    { ...good, pollIntervalMs: 100, maxPollIntervalMs: 50 },
    'maxPollIntervalMs is at least',
  ],
  ['a fan-out that is none', { ...good, fanOut: null }, 'fanOut is'],
  [
    'one consumer for several streams',
    { ...good, stream: undefined, streams: ['a', 'b'], fanOut: { consumerArn: CONSUMER_ARN } },
    'fanOut.consumerArn is of one stream',
  ],
  ['too many records a call', { ...good, maxRecordsPerCall: 10_001 }, 'at most 10000'],
  ['half a record', { ...good, bufferRecords: 0.5 }, 'whole number'],
  ['a negative wait', { ...good, pollIntervalMs: -1 }, 'pollIntervalMs'],
  ['an endpoint without a scheme', { ...good, endpoint: 'localhost:4567' }, 'endpoint is a URL'],
])('%s is refused', (_, options, message) => {
  // What a user without types could write.
  expect(() => kinesis(options as unknown as KinesisOptions<number>)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) }),
  )
})

test('a client excludes the settings of another one', () => {
  const client = localKinesisClient('http://127.0.0.1:9')
  // What the compiler stops.
  const options = { ...good, client, region: 'eu-west-1' } as unknown as KinesisOptions<number>
  expect(() => kinesis(options)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('put region') }),
  )
  client.destroy()
})

test('what reads the plan sees stream and start, and no credentials', () => {
  const clientConfig = { credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' } }
  const source = kinesis({ ...good, startAt: { timestamp: 0 }, endAt: 'tip', clientConfig })
  expect(source.describe?.()).toBe('taxi from 1970-01-01T00:00:00.000Z to the tip')
  expect(kinesis(good).bounded).toBe(false)
})

test('a decoder of any schema fits', () => {
  const source = kinesis({ ...good, decode: json(z.object({ fare: z.number() })) })
  expect(source.kind).toBe('kinesis')
})
