import { expect, test } from 'vitest'
import { type BatchSinkOptions, batchSink } from '../../../connectors/batch/index.js'
import { millis, seconds } from '../../../core/duration.js'

const good = { write: async () => undefined }

test.each([
  ['no options', undefined, 'expected an object of options'],
  ['no write', {}, 'write is an async function'],
  ['a write that is no function', { write: 'http://a' }, 'write is an async function'],
  ['an open that is none', { ...good, open: {} }, 'open is a function'],
  ['a close that is none', { ...good, close: true }, 'close is a function'],
  ['a key by name', { ...good, orderBy: 'id' }, 'orderBy is a function'],
  ['bytes that are a number', { ...good, bytesOf: 100 }, 'bytesOf is a function'],
  ['a limit of bytes that nobody counts', { ...good, maxBytes: 1000 }, 'maxBytes needs bytesOf'],
  ['no bytes', { ...good, bytesOf: () => 1, maxBytes: 0 }, 'maxBytes is a whole number from 1 on, found 0'],
  ['no rows', { ...good, maxBatch: 0 }, 'maxBatch is a whole number from 1 on, found 0'],
  ['half a row', { ...good, maxBatch: 1.5 }, 'found 1.5'],
  ['no calls', { ...good, maxInFlight: 0 }, 'maxInFlight is a whole number'],
  ['calls as text', { ...good, maxInFlight: '4' }, 'maxInFlight is a whole number'],
  ['an age as a number', { ...good, maxAge: 100 }, 'maxAge is a duration'],
  ['no age', { ...good, maxAge: null }, 'maxAge is a duration'],
  ['a retry as text', { ...good, retryFor: '1m' }, 'retryFor is a duration'],
  ['a negative time', { ...good, retryFor: { ms: -1 } }, 'retryFor is a duration'],
  ['a time-out that is none', { ...good, callTimeout: { ms: Number.NaN } }, 'callTimeout is a duration'],
  ['a time-out at once', { ...good, callTimeout: millis(0) }, 'callTimeout is a duration longer than 0'],
  ['an unknown policy', { ...good, onRejected: 'drop' }, "onRejected is 'fail', 'skip'"],
  ['letters to nowhere', { ...good, onRejected: { deadLetters: 'a' } }, 'deadLetters is a sink'],
  ['a misspelt option', { ...good, maxBytesOf: 3 }, "there is no option 'maxBytesOf'"],
  ['an option of other sinks', { ...good, maxInFlights: 3 }, "Did you mean 'maxInFlight'?"],
])('%s is refused', (_, options, message) => {
  // What a user without types could write.
  expect(() => batchSink('http', options as unknown as BatchSinkOptions<number>)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) }),
  )
})

test.each([[''], ['two words'], ['a'.repeat(65)], [7], [good]])(
  'a sink has a name for people, and %s is none',
  (kind) => {
    expect(() => batchSink(kind as string, good)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('the first argument') }),
    )
  },
)

test('what reads the plan is told what matters', () => {
  const sink = batchSink<{ readonly id: string }>('http', { ...good, orderBy: ({ id }) => id, maxAge: seconds(0) })
  expect(sink).toMatchObject({ kind: 'http', guarantee: 'at-least-once' })
  expect(sink.committer).toBeUndefined()
  expect(sink.describe?.()).toBe('up to 500 rows a call, in order for each key')
  expect(batchSink('http', { ...good, maxBatch: 20 }).describe?.()).toBe('up to 20 rows a call')
})
