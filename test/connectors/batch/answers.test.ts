import { expect, test } from 'vitest'
import type { BatchAnswer } from '../../../connectors/batch/index.js'
import { seconds } from '../../../core/duration.js'
import { TidemarkError } from '../../../core/errors.js'
import { errorOf, openWriter, type Row, rowsOf, sinkTo } from './fixture.js'

/** What each call got, by number, and what it then answers. */
function service(...answers: readonly (BatchAnswer | undefined | (() => never))[]) {
  const calls: number[][] = []
  const write = async (rows: readonly Row[]): Promise<BatchAnswer | undefined> => {
    calls.push(rows.map(({ n }) => n))
    const answer = answers[calls.length - 1]
    return typeof answer === 'function' ? answer() : answer
  }
  return { calls, write }
}

function throwing(error: unknown): () => never {
  return () => {
    throw error
  }
}

test('nothing says that all were taken', async () => {
  const { calls, write } = service()
  const { writeAll, flush, metrics } = await openWriter(sinkTo(write, { maxBatch: 2 }))
  await writeAll(rowsOf(5))
  await flush()
  expect(calls.flat().sort()).toEqual([0, 1, 2, 3, 4])
  expect(metrics.counter('records').value).toBe(5)
})

test('each row has its own answer: those to be tried again go again, the others do not', async () => {
  const { calls, write } = service(
    ['ok', { retry: 'busy', isThrottled: true }, 'ok', { retry: 'locked' }],
    ['ok', 'ok'],
  )
  const { writeAll, flush, metrics } = await openWriter(sinkTo(write))
  await writeAll(rowsOf(4))
  await flush()
  expect(calls).toEqual([
    [0, 1, 2, 3],
    [1, 3],
  ])
  expect(metrics.counter('throttledRecords').value).toBe(1)
  expect(metrics.counter('records').value).toBe(4)
})

test.each([
  ['retry', { retry: 'down' } as const],
  ['a throttled retry', { retry: 'busy', isThrottled: true } as const],
  ['a throw', throwing(new Error('reset'))],
  ['a throw of no error', throwing('reset')],
  ['a throw that says so', throwing(Object.assign(new Error('reset'), { retryable: true }))],
  [
    'a retryable error of Tidemark',
    throwing(new TidemarkError({ code: 'X', domain: 'user', message: 'x', retryable: true })),
  ],
])('of %s all rows go again, later', async (_, answer) => {
  const { calls, write } = service(answer)
  const { writeAll, flush, environment, writer } = await openWriter(sinkTo(write, { maxBatch: 3 }))
  await writeAll(rowsOf(3))
  await environment.settle()
  expect(calls).toEqual([[0, 1, 2]])
  await environment.advance(1000)
  expect(calls).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ])
  expect(await flush()).toEqual([])
  expect(writer).toBeDefined()
})

test('a call says which attempt it is', async () => {
  const attempts: number[] = []
  const sink = sinkTo(async (_, { attempt }) => {
    attempts.push(attempt)
    return attempt < 3 ? { retry: 'later' } : undefined
  })
  const { writeAll, flush } = await openWriter(sink)
  await writeAll(rowsOf(2))
  await flush()
  expect(attempts).toEqual([1, 2, 3])
})

test.each([
  ['retry', { retry: 'down.' } as const, 'BATCH_UNAVAILABLE', '(down)'],
  ['a throttled retry', { retry: 'busy', isThrottled: true } as const, 'BATCH_THROTTLED', '(busy)'],
  ['a retry of a row', [{ retry: 'locked' }] as const, 'BATCH_UNAVAILABLE', '(locked)'],
  ['a retry without a reason', { retry: '' } as const, 'BATCH_UNAVAILABLE', '(no reason given)'],
  ['a throw', throwing(new Error('reset')), 'BATCH_UNAVAILABLE', '(reset)'],
])('%s is over after retryFor, with an error that restarts the job', async (_, answer, code, said) => {
  const { writeAll, flush, environment, warnings } = await openWriter(
    sinkTo(service(...new Array(100).fill(answer)).write, { retryFor: seconds(30) }),
  )
  await writeAll(rowsOf(1))
  const error = await errorOf(flush())
  expect(error).toMatchObject({ code, domain: 'connector', retryable: true, operatorId: 'out' })
  expect((error as Error).message).toContain(said)
  expect((error as Error).message).toContain("sink 'out' (test)")
  expect(environment.clock.monotonic()).toBeLessThan(31_000)
  // Not once a call.
  expect(warnings.length).toBeLessThanOrEqual(1)
})

test.each([
  ['fail', { fail: 'no such table' } as const, 'BATCH_WRITE_FAILED', 'no such table'],
  [
    'an error that says so',
    throwing(Object.assign(new Error('wrong password'), { retryable: false })),
    'BATCH_WRITE_FAILED',
    'wrong password',
  ],
  [
    'an error of Tidemark',
    throwing(new TidemarkError({ code: 'MINE', domain: 'user', message: 'mine' })),
    'MINE',
    'mine',
  ],
])('%s fails the job at once, for good', async (_, answer, code, message) => {
  const { calls, write } = service(answer)
  const { writeAll, flush } = await openWriter(sinkTo(write))
  await writeAll(rowsOf(3))
  const error = await errorOf(flush())
  expect(error).toMatchObject({ code, retryable: false, operatorId: 'out', message: expect.stringContaining(message) })
  expect(calls).toHaveLength(1)
})

test('a batch that is split goes again in halves, down to the row that is the reason', async () => {
  const calls: number[][] = []
  const sink = sinkTo(
    async (rows) => {
      calls.push(rows.map(({ n }) => n))
      return rows.some(({ n }) => n === 5) ? { split: 'bad row' } : undefined
    },
    { maxBatch: 8, onRejected: 'skip' },
  )
  const { writeAll, flush, metrics } = await openWriter(sink)
  await writeAll(rowsOf(8))
  await flush()
  expect(calls[0]).toHaveLength(8)
  const taken = calls.filter((call) => !call.includes(5)).flat()
  expect(taken.sort()).toEqual([0, 1, 2, 3, 4, 6, 7])
  expect(calls).toContainEqual([5])
  const { counters } = metrics.instruments()
  expect(counters).toContainEqual({ name: 'rejectedRows', labels: { code: 'BATCH_ROW_REJECTED' }, value: 1 })
})

test('after a batch that is too large no other is as large', async () => {
  const calls: number[] = []
  const sink = sinkTo(
    async (rows) => {
      calls.push(rows.length)
      return rows.length > 4 ? { split: 'too large', isTooLarge: true } : undefined
    },
    { bytesOf: () => 10, maxBytes: 80, maxInFlight: 1 },
  )
  const { writeAll, flush } = await openWriter(sink)
  await writeAll(rowsOf(24))
  await flush()
  expect(calls).toEqual([8, 4, 4, 4, 4, 4, 4])
})

test.each([
  ['too few results', ['ok'], '1 result for 2 rows'],
  ['too many results', ['ok', 'ok', 'ok'], '3 results for 2 rows'],
  ['no results', [], '0 results for 2 rows'],
  ['a result that is none', ['ok', true], 'boolean as result 1 of 2'],
  ['another text', ['OK', 'ok'], 'a text as result 0 of 2'],
  ['a hole', ['ok', undefined], 'undefined as result 1 of 2'],
  ['null in a result', ['ok', null], 'null as result 1 of 2'],
  ['fail of a row', [{ fail: 'x' }, 'ok'], 'an object with fail as result 0'],
  ['two answers at once', [{ retry: 'x', reject: 'y' }, 'ok'], 'an object with retry, reject as result 0'],
  ['a misspelt detail', [{ retry: 'x', throttled: true }, 'ok'], 'an object with retry, throttled'],
  ['a detail of another kind', [{ retry: 'x', isThrottled: 'yes' }, 'ok'], 'an object with retry, isThrottled'],
  ['a reason that is no text', [{ reject: new Error('x') }, 'ok'], 'an object with reject'],
  ['a code that is a sentence', [{ reject: 'x', code: 'not a code' }, 'ok'], 'an object with reject, code'],
  ['true', true, 'write gave boolean'],
  ['null', null, 'write gave null'],
  ['text', 'ok', 'write gave a text'],
  ['an empty object', {}, 'an empty object'],
  ['the answer of fetch', new Response('x'), 'an object of class Response'],
  ['reject of all', { reject: 'x' }, 'an object with reject'],
  ['two answers for all', { retry: 'x', split: 'y' }, 'an object with retry, split'],
])('%s is an error that names what was expected', async (_, answer, found) => {
  const { calls, write } = service(answer as never)
  const { writeAll, flush } = await openWriter(sinkTo(write, { onRejected: 'skip' }))
  await writeAll(rowsOf(2))
  const error = await errorOf(flush())
  expect(error).toMatchObject({ code: 'BATCH_RESULT_INVALID', domain: 'user', retryable: false, operatorId: 'out' })
  expect((error as Error).message).toContain(found)
  expect((error as Error).message).toContain("each 'ok', { retry: reason, isThrottled? } or { reject: reason, code? }")
  expect(calls).toHaveLength(1)
})
