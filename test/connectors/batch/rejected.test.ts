import { expect, test } from 'vitest'
import type { BatchSinkOptions } from '../../../connectors/batch/index.js'
import type { DeadLetter } from '../../../core/connector.js'
import { errorOf, lettersInto, openWriter, type Row, rowsOf, sinkTo } from './fixture.js'

type Case = readonly [string, BatchSinkOptions<Row>['write'], object, string, string]

const throwing = (): never => {
  throw new Error('no such field')
}
const isBad = ({ n }: Row): boolean => n === 1

const CASES: readonly Case[] = [
  [
    'rejected',
    async (rows) => rows.map((row) => (isBad(row) ? { reject: 'too old' } : 'ok')),
    {},
    'BATCH_ROW_REJECTED',
    'too old',
  ],
  [
    'rejected with a code',
    async (rows) => rows.map((row) => (isBad(row) ? { reject: 'too old', code: 'stale.row' } : 'ok')),
    {},
    'stale.row',
    'stale.row: too old',
  ],
  [
    'alone in a batch that is split',
    async (rows) => (rows.some(isBad) ? { split: '400 bad request' } : undefined),
    {},
    'BATCH_ROW_REJECTED',
    '400 bad request',
  ],
  [
    'without a size',
    async () => undefined,
    { bytesOf: (row: Row) => (isBad(row) ? -1 : 1) },
    'ROW_INVALID',
    'bytesOf gave -1',
  ],
  [
    'without a key',
    async () => undefined,
    { orderBy: (row: Row) => (isBad(row) ? null : 1) },
    'ROW_INVALID',
    'orderBy gave null',
  ],
  [
    'whose key throws',
    async () => undefined,
    { orderBy: (row: Row) => (isBad(row) ? throwing() : 1n) },
    'USER_FUNCTION_FAILED',
    'no such field',
  ],
]

test.each(CASES)('a row that is %s fails the job by default', async (_, write, options, code, message) => {
  const { writeAll, flush, metrics } = await openWriter(sinkTo(write, options))
  const work = async (): Promise<void> => {
    await writeAll(rowsOf(3))
    await flush()
  }
  const error = await errorOf(work())
  expect(error).toMatchObject({ operatorId: 'out', location: expect.stringContaining('split a, offset 101') })
  expect((error as Error).message).toContain(message)
  expect(metrics.instruments().counters).toContainEqual({ name: 'rejectedRows', labels: { code }, value: 1 })
})

test.each(CASES)("a row that is %s is left out and counted under 'skip'", async (_, write, options, code) => {
  const { writeAll, flush, metrics } = await openWriter(sinkTo(write, { ...options, onRejected: 'skip' }))
  await writeAll(rowsOf(3))
  await flush()
  expect(metrics.instruments().counters).toContainEqual({ name: 'rejectedRows', labels: { code }, value: 1 })
  expect(metrics.counter('records').value).toBe(2)
})

test.each(CASES)('a row that is %s becomes a dead letter', async (_, write, options, code, message) => {
  const letters: DeadLetter[] = []
  const onRejected = { deadLetters: lettersInto(letters) }
  const { writeAll, flush, metrics } = await openWriter(sinkTo(write, { ...options, onRejected }))
  await writeAll(rowsOf(3))
  await flush()
  expect(metrics.counter('records').value).toBe(2)
  expect(letters).toMatchObject([{ operatorId: 'out', split: 'a', offset: '101', code, isPart: false }])
  expect(letters[0]?.message).toContain(message)
  expect(JSON.parse(new TextDecoder().decode(letters[0]?.raw))).toEqual({ key: 'key-1', n: 1 })
})

test.each([['orderBy'], ['bytesOf']])('an async %s is refused, whatever is to become of bad rows', async (name) => {
  const options = { [name]: async () => 1, onRejected: 'skip' } as object
  const { writeAll } = await openWriter(sinkTo(async () => undefined, options))
  expect(await errorOf(writeAll(rowsOf(1)))).toMatchObject({ code: 'USER_FUNCTION_RETURNED_PROMISE' })
})

test('a code for each row makes no counter for each row', async () => {
  const sink = sinkTo(async (rows) => rows.map(({ n }) => ({ reject: 'no', code: `row-${n}` })), { onRejected: 'skip' })
  const { writeAll, flush, metrics } = await openWriter(sink)
  await writeAll(rowsOf(100))
  await flush()
  const counters = metrics.instruments().counters.filter(({ name }) => name === 'rejectedRows')
  expect(counters).toHaveLength(21)
  expect(counters).toContainEqual({ name: 'rejectedRows', labels: { code: 'other' }, value: 80 })
})
