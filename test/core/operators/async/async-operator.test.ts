import { describe, expect, it } from 'vitest'
import { millis, seconds } from '../../../../core/duration.js'
import { LoneAsync, Service } from './lone-async.js'

describe('order', () => {
  it('ordered results keep the order of the records, and their timestamps', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, {})
    step.send(1, 2, 3)
    await step.settle()
    service.answer(3, 2)
    await step.settle()
    expect(step.out).toEqual([])
    service.answer(1)
    await step.settle()
    expect(step.out).toEqual([10, 20, 30])
    expect(step.timestamps).toEqual([1, 2, 3])
  })

  it('unordered results go on as they come, and never cross a watermark', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, { ordered: false })
    step.send(1, 2)
    step.watermark(2)
    step.send(3, 4)
    await step.settle()
    service.answer(4, 2)
    await step.settle()
    expect(step.out).toEqual([20])
    service.answer(1)
    await step.settle()
    expect(step.out).toEqual([20, 10, 'W2', 40])
  })

  it('a watermark and idleness wait behind the inputs before them', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, {})
    step.watermark(1)
    step.send(2)
    step.watermark(2)
    step.idleness(true)
    step.idleness(false)
    step.watermark(3)
    step.idleness(true)
    await step.settle()
    expect(step.out).toEqual(['W1'])
    expect(step.stage.currentWatermark).toBe(1)
    service.answer(2)
    await step.settle()
    expect(step.out).toEqual(['W1', 20, 'active', 'W3', 'idle'])
    expect(step.stage.currentWatermark).toBe(3)
  })

  it('the end of the input waits for all results', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, {})
    step.send(1, 2)
    step.end()
    await step.settle()
    service.answer(2)
    await step.settle()
    expect(step.out).toEqual([])
    service.answer(1)
    await step.settle()
    expect(step.out).toEqual([10, 20, 'WInfinity', 'end'])
  })
})

describe('capacity', () => {
  it('is backpressure: no more records are taken than may be in flight, a finished one that waits for its turn included', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, { capacity: 2 })
    step.send(1, 2, 3)
    await step.settle()
    service.answer(2)
    await step.settle()
    expect([service.called, step.isTaken]).toEqual([[1, 2], false])
    service.answer(1)
    await step.settle()
    expect([service.called, step.isTaken]).toEqual([[1, 2, 3], true])
  })

  it('a full queue does not block a barrier: what stands before it goes into the snapshot, and is not called for early', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, { capacity: 2 })
    step.send(1, 2, 3)
    step.watermark(3)
    step.send(4)
    await step.settle()
    expect(step.isTaken).toBe(false)
    step.barrier()
    await step.settle()
    expect(step.snapshot?.states.find(({ name }) => name === 'inputs')?.entries).toEqual(
      [1, 2, 3, 4].map((n) => [n, n]),
    )
    expect(service.called).toEqual([1, 2])
    step.send(5)
    await step.settle()
    expect(step.isTaken).toBe(false)
    service.answer(1, 2)
    await step.settle()
    service.answer(3, 4)
    await step.settle()
    service.answer(5)
    await step.settle()
    expect(step.out).toEqual(['barrier', 10, 20, 30, 'W3', 40, 50])
  })

  it('more inputs in state than capacity are drained before records are taken, those of the state first', async () => {
    const service = new Service()
    const restored = [{ name: 'inputs', mode: 'list' as const, entries: [1, 2, 3, 4, 5].map((n) => [n, n]) }]
    const step = await LoneAsync.open(service.fn, { capacity: 2 }, { restored })
    expect(service.called).toEqual([])
    step.send(6)
    await step.settle()
    expect(service.called).toEqual([1, 2])
    step.barrier()
    await step.settle()
    expect(step.snapshot?.states[0]?.entries).toHaveLength(6)
    for (const n of [1, 2, 3, 4, 5, 6]) {
      service.answer(n)
      await step.settle()
    }
    expect(step.out).toEqual(['barrier', 10, 20, 30, 40, 50, 60])
  })
})

describe('failures', () => {
  it('a time-out fails the step, naming operator, split and offset, and aborts every signal', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, { timeout: seconds(5) })
    step.send(1)
    await step.advance(1000)
    step.send(2, 3)
    await step.settle()
    const signals = service.calls.map(({ signal }) => signal)
    await expect(step.advance(4000)).rejects.toMatchObject({
      code: 'ASYNC_TIMEOUT',
      operatorId: 'service',
      location: 'split a, offset 101, timestamp 1',
      retryable: true,
      message: expect.stringContaining('within 5s (1 call)'),
    })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
    await step.close()
    expect(step.environment.nextTimerAt).toBeUndefined()
  })

  it('retries share one time-out, which cuts the delay between them short', async () => {
    const service = new Service()
    const retry = { attempts: 10, delay: seconds(2), backoff: 2 }
    const step = await LoneAsync.open(service.fn, { timeout: seconds(5), retry })
    step.send(1)
    await step.advance(1000)
    service.take(1).reject(new Error('503'))
    await step.advance(2000)
    expect(service.calls.map(({ attempt }) => attempt)).toEqual([2])
    service.take(1).reject(new Error('504'))
    await expect(step.advance(2000)).rejects.toMatchObject({
      code: 'ASYNC_TIMEOUT',
      message: expect.stringContaining('(2 calls; the last that failed: 504)'),
    })
    await step.close()
    expect([service.called, step.environment.nextTimerAt]).toEqual([[1, 1], undefined])
  })

  it('an answer after the time-out is ignored: the record has the result that onTimeout gave, and no other', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, { timeout: seconds(5), onTimeout: (value) => -value })
    step.send(1, 2)
    await step.advance(5000)
    service.answer(1, 2)
    await step.settle()
    expect(step.out).toEqual([-1, -2])
    expect(step.metrics.valueOf('async_timeouts')).toBe(2)
  })

  it('a call that fails while its time-out is up is not made again', async () => {
    const service = new Service()
    const retry = { attempts: 3, delay: millis(0) }
    const step = await LoneAsync.open(service.fn, { timeout: seconds(5), retry, onTimeout: () => 0 })
    step.send(1)
    await step.settle()
    const { signal, reject } = service.take(1)
    signal.addEventListener('abort', () => reject(signal.reason))
    await step.advance(5000)
    expect([step.out, service.called]).toEqual([[0], [1]])
  })

  it('a failure is called for again as often as retry says, if it is worth it', async () => {
    const service = new Service()
    const retry = { attempts: 3, delay: millis(10), on: (error: unknown) => (error as Error).message === '503' }
    const step = await LoneAsync.open(service.fn, { retry })
    step.send(1, 2)
    await step.settle()
    service.take(1).reject(new Error('503'))
    service.answer(2)
    await step.advance(10)
    service.answer(1)
    await step.settle()
    expect([step.out, step.metrics.valueOf('async_retries')]).toEqual([[10, 20], 1])
    step.send(3)
    await step.settle()
    service.take(3).reject(new Error('404'))
    await expect(step.settle()).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      location: expect.stringContaining('offset 103'),
    })
  })

  it('a function that throws at once fails like one that rejects', async () => {
    const step = await LoneAsync.open(() => {
      throw new Error('no url')
    }, {})
    step.send(7)
    await expect(step.settle()).rejects.toMatchObject({
      message: 'service: mapAsync threw at split a, offset 107, timestamp 7: no url',
    })
  })

  it('signals abort when the job stops or is cancelled, and no result goes on after that', async () => {
    const service = new Service()
    const step = await LoneAsync.open(service.fn, {})
    step.send(1)
    await step.settle()
    const call = service.take(1)
    step.abort.abort(new Error('cancelled'))
    expect(call.signal.reason).toMatchObject({ message: 'cancelled' })
    call.resolve(1)
    await step.settle()
    expect([step.out, step.environment.nextTimerAt]).toEqual([[], undefined])
  })
})
