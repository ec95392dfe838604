import { expect, test } from 'vitest'
import { batchSink } from '../../../connectors/batch/index.js'
import { seconds } from '../../../core/duration.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { errorOf, finished, openWriter, type Row, rowsOf, silence } from './fixture.js'

test('each subtask opens once, hands what it got to every call, and closes it once', async () => {
  let opened = 0
  const seen: unknown[] = []
  const sink = batchSink<Row, { readonly id: number }>('test', {
    open: async ({ operatorId, subtask, parameters }) => {
      expect({ operatorId, subtask, parameters }).toEqual({
        operatorId: 'out',
        subtask: { index: 0, parallelism: 1 },
        parameters: {},
      })
      return { id: opened++ }
    },
    write: async (_, context) => {
      seen.push(context.opened)
    },
    close: ({ id }) => {
      seen.push(`close ${id}`)
    },
    maxBatch: 2,
  })
  const one = await openWriter(sink)
  const other = await openWriter(sink)
  await one.writeAll(rowsOf(3))
  await one.flush()
  await other.writeAll(rowsOf(1))
  await other.flush()
  await one.close()
  await other.close()
  expect(seen).toEqual([{ id: 0 }, { id: 0 }, { id: 1 }, 'close 0', 'close 1'])
})

test.each([
  ['throws', new Error('refused'), true],
  ['throws what says that it is no use', Object.assign(new Error('refused'), { retryable: false }), false],
])('open that %s fails the start, and nothing is closed', async (_, error, retryable) => {
  const closed: unknown[] = []
  const sink = batchSink<Row>('test', {
    open: () => {
      throw error
    },
    write: silence,
    close: (opened) => {
      closed.push(opened)
    },
  })
  expect(await errorOf(openWriter(sink))).toMatchObject({
    code: 'BATCH_OPEN_FAILED',
    domain: 'connector',
    retryable,
    operatorId: 'out',
    message: expect.stringContaining('(refused)'),
    cause: error,
  })
  expect(closed).toEqual([])
})

test('open that takes too long fails the start; what it gives later is closed', async () => {
  const environment = virtualEnvironment()
  let give: ((value: string) => void) | undefined
  const closed: unknown[] = []
  const sink = batchSink<Row, string>('test', {
    open: () =>
      new Promise((resolve) => {
        give = resolve
      }),
    write: silence,
    close: (opened) => {
      closed.push(opened)
    },
    callTimeout: seconds(7),
  })
  const error = await errorOf(finished(environment, openWriter(sink, { environment })))
  expect(error).toMatchObject({ code: 'BATCH_OPEN_FAILED', retryable: true })
  expect((error as Error).message).toContain('no answer within 7000 ms')
  give?.('late')
  await environment.settle()
  expect(closed).toEqual(['late'])
})

test('open that hangs does not hold up a job that is cancelled', async () => {
  const environment = virtualEnvironment()
  const task = new AbortController()
  const opening = openWriter(batchSink<Row, string>('test', { open: silence, write: silence }), {
    environment,
    signal: task.signal,
  })
  const failed = errorOf(opening)
  await environment.settle()
  task.abort(new Error('cancelled'))
  expect(await failed).toMatchObject({ code: 'BATCH_OPEN_FAILED' })
  expect(environment.clock.monotonic()).toBe(0)
})

test.each([
  ['throws', () => Promise.reject(new Error('broken pipe')), 'broken pipe'],
  ['hangs', silence, 'no answer within 30000 ms'],
])('close that %s is a warning: everything was delivered before', async (_, close, said) => {
  const sink = batchSink<Row>('test', { open: () => undefined, write: async () => undefined, close })
  const opened = await openWriter(sink)
  await opened.writeAll(rowsOf(1))
  await opened.flush()
  await opened.close()
  expect(opened.warnings).toEqual([`sink 'out' (test): close failed: ${said}`])
})
