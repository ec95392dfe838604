import { expect, test } from 'vitest'
import { collectInto } from '../../../connectors/collection/index.js'
import { jsonBytes, type KinesisSinkOptions, kinesisSink } from '../../../connectors/kinesis/index.js'
import type { DeadLetter } from '../../../core/connector.js'

const good = { stream: 'taxi', partitionKey: () => 'a', encode: jsonBytes() } as const

test.each([
  ['no stream', { ...good, stream: undefined }, 'either stream'],
  ['an unknown option', { ...good, partitionkey: () => 'a' }, "'partitionkey'"],
  ['no encoder', { ...good, encode: undefined }, 'encode is a function'],
  ['no partition key', { ...good, partitionKey: undefined }, 'partitionKey is a function'],
  ['a field as partition key', { ...good, partitionKey: 'cell' }, 'partitionKey is a function'],
  ['a hash key for all', { ...good, explicitHashKey: 7n }, 'explicitHashKey is a function'],
  ['an unknown order', { ...good, ordering: 'perShard' }, "found 'perShard'"],
  ['an order of random keys', { ...good, ordering: 'perKey', partitionKey: 'random' }, 'random keys have no order'],
  ['501 records a call', { ...good, maxRecordsPerCall: 501 }, 'from 1 to 500'],
  ['11 MiB a call', { ...good, maxBytesPerCall: 11 * 1024 * 1024 }, 'from 1 to 10485760'],
  ['records that fit no call', { ...good, maxRecordBytes: 6 * 1024 * 1024 }, 'a record has to fit'],
  ['no calls', { ...good, parallelCalls: 0 }, 'parallelCalls'],
  ['no room', { ...good, bufferBytes: 0 }, 'from 1 on'],
  ['a negative wait', { ...good, maxDelayMs: -1 }, 'maxDelayMs'],
  ['no time to try again', { ...good, retryForMs: 0 }, 'retryForMs'],
  ['groups that are no power of two', { ...good, aggregate: { groups: 100 } }, 'power of two'],
  ['aggregates that are no records', { ...good, aggregate: { maxBytes: 2 * 1024 * 1024 } }, 'maxRecordBytes'],
  ['an aggregate of something else', { ...good, aggregate: { maxCount: 3 } }, "'maxCount'"],
  ['an unknown way out', { ...good, onRejected: 'drop' }, 'found drop'],
  ['a way out that is no sink', { ...good, onRejected: { deadLetters: 'dead/' } }, 'is a sink'],
])('%s is refused', (_, options, message) => {
  // What a user without types could write.
  expect(() => kinesisSink(options as unknown as KinesisSinkOptions<unknown>)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(message),
    }),
  )
})

test('what reads the plan sees where rows go and what can be relied on', () => {
  const plain = kinesisSink(good)
  expect(plain).toMatchObject({ kind: 'kinesis', guarantee: 'at-least-once' })
  expect(plain.describe?.()).toBe('taxi')
  const onRejected = { deadLetters: collectInto<DeadLetter>([]) }
  const full = kinesisSink({ ...good, ordering: 'perKey', aggregate: true, onRejected })
  expect(full.describe?.()).toBe('taxi, in order for each key, aggregated, rejected rows to collect')
})

test('nothing is committed later unless the sink of dead letters does so', () => {
  expect(kinesisSink(good).committer).toBeUndefined()
  expect(kinesisSink({ ...good, onRejected: { deadLetters: collectInto<DeadLetter>([]) } }).committer).toBeTypeOf(
    'function',
  )
})

test('JSON has a line end where it is asked for', () => {
  expect(jsonBytes()({ a: 'é' })).toBe('{"a":"é"}')
  expect(jsonBytes({ newline: true })([1])).toBe('[1]\n')
  for (const row of [undefined, () => 1, 1n]) {
    expect(() => jsonBytes()(row)).toThrow(expect.objectContaining({ code: 'ROW_INVALID' }))
  }
})
