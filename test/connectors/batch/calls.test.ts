import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchSink, type RowAnswer } from '../../../connectors/batch/index.js'
import { millis, seconds } from '../../../core/duration.js'
import { seededRandom } from '../../../core/random.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { runs } from '../../setup/runs.js'
import { batchOf, errorOf, finished, openWriter, type Row, rowsOf, silence, sinkTo } from './fixture.js'

test('a batch goes when it is full, in rows or in bytes, or when its first row is old enough', async () => {
  const calls: (readonly [at: number, rows: number])[] = []
  const sink = sinkTo(
    async (rows) => {
      calls.push([environment.clock.monotonic(), rows.length])
    },
    { maxBatch: 3, bytesOf: ({ n }) => n, maxBytes: 100, maxAge: millis(40), maxInFlight: 10 },
  )
  const { writer, environment } = await openWriter(sink)
  const offer = async (...numbers: readonly number[]): Promise<void> => {
    writer.write(batchOf(numbers.map((n) => ({ key: 'a', n }))), 0)
    await environment.settle()
  }
  await offer(1, 2)
  await environment.advance(39)
  expect(calls).toEqual([])
  await environment.advance(1)
  expect(calls.splice(0)).toEqual([[40, 2]])
  await offer(1, 2, 3)
  expect(calls.splice(0)).toEqual([[40, 3]])
  // The second does not fit beside the first, and no call takes more than 100 but for a row that is larger alone.
  await offer(60, 60)
  expect(calls.splice(0)).toEqual([[40, 1]])
  await offer(500)
  expect(calls.splice(0)).toEqual([
    [40, 1],
    [40, 1],
  ])
})

test('no more calls than maxInFlight are under way, and what is taken meanwhile is bounded', async () => {
  const ends: (() => void)[] = []
  const sink = sinkTo(() => new Promise<void>((resolve) => ends.push(resolve)), { maxBatch: 5, maxInFlight: 3 })
  const { writer, environment, metrics } = await openWriter(sink)
  const batch = batchOf(rowsOf(100))
  const taken = writer.write(batch, 0)
  await environment.settle()
  expect(ends).toHaveLength(3)
  // Those that are under way, and as many again.
  expect(taken).toBe(30)
  expect(writer.write(batch, taken)).toBe(taken)
  for (const end of ends.splice(0, 1)) end()
  await environment.settle()
  expect(ends).toHaveLength(3)
  expect(metrics.counter('records').value).toBe(5)
})

test('a barrier waits until every row was taken, and does not wait for others to fill a call', async () => {
  let end: (() => void) | undefined
  const sink = sinkTo(
    () =>
      new Promise<void>((resolve) => {
        end = resolve
      }),
    { maxAge: seconds(1000) },
  )
  const { writer, environment } = await openWriter(sink)
  writer.write(batchOf(rowsOf(2)), 0)
  let isFlushed = false
  const flushed = Promise.resolve(writer.prepareCommit(1)).then(() => {
    isFlushed = true
  })
  await environment.settle()
  expect(end).toBeDefined()
  expect(isFlushed).toBe(false)
  end?.()
  await flushed
  expect(environment.clock.monotonic()).toBe(0)
  // Nothing is left.
  expect(await writer.prepareCommit(2)).toEqual([])
})

test('with orderBy rows of one key are taken in their order, one after the other, whatever calls come to', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 150 }), async (seed, count) => {
      const environment = virtualEnvironment({ seed })
      const random = seededRandom(seed)
      const taken: Row[] = []
      const underWay = new Set<string>()
      const answerOf = (row: Row): RowAnswer => {
        if (random.next() < 0.3) return { retry: 'later', isThrottled: random.next() < 0.5 }
        taken.push(row)
        return 'ok'
      }
      const sink = sinkTo(
        async (rows) => {
          for (const { key } of rows) {
            expect(underWay.has(key)).toBe(false)
            underWay.add(key)
          }
          await environment.yield()
          for (const { key } of rows) underWay.delete(key)
          const chance = random.next()
          if (chance < 0.1) throw new Error('reset')
          if (chance < 0.2) return { retry: 'down' }
          if (chance < 0.3 && rows.length > 1) return { split: 'half', isTooLarge: chance < 0.25 }
          return rows.map(answerOf)
        },
        { maxBatch: 7, orderBy: ({ key }) => key, bytesOf: () => 3, retryFor: seconds(100_000) },
      )
      const { writeAll, flush, close } = await openWriter(sink, { environment })
      await writeAll(rowsOf(count, 5))
      await flush()
      await close()
      expect(taken.map(({ n }) => n).sort((a, b) => a - b)).toEqual(rowsOf(count).map(({ n }) => n))
      for (const key of new Set(taken.map((row) => row.key))) {
        const numbers = taken.filter((row) => row.key === key).map(({ n }) => n)
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }
    }),
    runs(60),
  )
}, 600_000)

test('a call that takes too long is broken off and made again, also where write does not look at its signal', async () => {
  const signals: AbortSignal[] = []
  const sink = sinkTo(
    (_, { signal, attempt }) => {
      signals.push(signal)
      return attempt === 1 ? silence() : Promise.resolve()
    },
    { callTimeout: seconds(5) },
  )
  const { writeAll, flush, environment, warnings } = await openWriter(sink)
  await writeAll(rowsOf(1))
  await environment.advance(4000)
  expect(signals.map(({ aborted }) => aborted)).toEqual([false])
  await flush()
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  expect(signals[0]?.reason).toMatchObject({ name: 'TimeoutError' })
  expect(warnings).toEqual(["sink 'out' (test): write failed and is tried again: no answer within 5000 ms"])
})

test('a service that stays silent ends in an error that says so', async () => {
  const sink = sinkTo(silence, { callTimeout: seconds(5), retryFor: seconds(20) })
  const { writeAll, flush } = await openWriter(sink)
  await writeAll(rowsOf(1))
  expect(await errorOf(flush())).toMatchObject({
    code: 'BATCH_UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining('no answer within 5000 ms'),
  })
})

test('close does not wait for a call that hangs, and the connection is closed after it', async () => {
  const seen: string[] = []
  const sink = batchSink<Row, string>('test', {
    open: () => 'connection',
    write: (_, { signal, opened }) => {
      seen.push(`write to ${opened}`)
      signal.addEventListener('abort', () => seen.push('aborted'))
      return silence()
    },
    close: (opened) => {
      seen.push(`close ${opened}`)
    },
    maxAge: seconds(0),
  })
  const { writer, environment, close, warnings } = await openWriter(sink)
  writer.write(batchOf(rowsOf(1)), 0)
  const flushed = errorOf((async () => writer.prepareCommit(1))())
  await environment.settle()
  await close()
  expect(seen).toEqual(['write to connection', 'aborted', 'close connection'])
  expect(environment.clock.monotonic()).toBe(0)
  expect(await flushed).toMatchObject({ code: 'SINK_CLOSED', retryable: true })
  await environment.advance(100_000)
  expect(seen).toHaveLength(3)
  expect(warnings.filter((text) => text.includes('close'))).toEqual([])
})

test('what write does after it was broken off is seen by nobody', async () => {
  let fail: ((error: Error) => void) | undefined
  const sink = sinkTo((_, { attempt }) =>
    attempt > 1
      ? Promise.resolve()
      : new Promise<void>((_resolve, reject) => {
          fail = reject
        }),
  )
  const { writeAll, flush, environment, metrics } = await openWriter(sink)
  await writeAll(rowsOf(1))
  await flush()
  // An unhandled rejection would fail the run.
  fail?.(new Error('late'))
  await environment.settle()
  expect(metrics.counter('records').value).toBe(1)
})

test('rows that write changes in its array are sent again as they were', async () => {
  const calls: number[][] = []
  const sink = sinkTo(async (rows, { attempt }) => {
    calls.push(rows.map(({ n }) => n))
    // What a user without types can do.
    ;(rows as Row[]).length = 0
    if (attempt === 1) throw new Error('reset')
  })
  const { writeAll, flush } = await openWriter(sink)
  await writeAll(rowsOf(3))
  await flush()
  expect(calls).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ])
})

test('the writer closes while nothing was ever written', async () => {
  const { close, flush, environment } = await openWriter(sinkTo(silence))
  expect(await flush()).toEqual([])
  await finished(environment, close())
})
