import { describe, expect, test } from 'vitest'
import { collectInto, collection } from '../../../../connectors/collection/index.js'
import type { DeadLetter } from '../../../../core/connector.js'
import { type AsyncOptions, defineJob, type ErrorAction, millis } from '../../../../core/index.js'
import type { Operator } from '../../../../core/operators/operator.js'
import {
  ALL_MODES,
  type Emitted,
  emitted,
  endOfInput,
  operatorHarness,
  record,
  watermark,
} from '../../../harness/index.js'
import { runCase } from '../../../harness/run-case.js'
import { LoneAsync, Service } from '../async/lone-async.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const BAD = 3

/** A service that is slow for some, so that results come in another order than records, and that refuses some. */
async function tenfold(n: number): Promise<number> {
  for (let turns = (n * 7) % 5; turns > 0; turns--) await turn()
  if (n % 5 === BAD) throw new Error(`${n} is refused`)
  return n * 10
}

/** The step as a job has it. */
function stepOf(options: AsyncOptions<number>): () => Operator {
  const job = defineJob('under-test', (builder) => {
    builder
      .from('numbers', collection<number>([]))
      .mapAsync('called', tenfold, options)
      .to('out', collectInto<number>([]))
  })
  const node = job.build({}).nodes.find(({ id }) => id === 'called')
  if (node?.kind !== 'operator') throw new Error("the job has no step 'called'")
  return node.create
}

/** A watermark after every fifth record. */
const NUMBERS = Array.from({ length: 23 }, (_, n) => n)
const input = [
  ...NUMBERS.flatMap((n) => (n % 5 === 4 ? [record(n, n), watermark(n - 1)] : [record(n, n)])),
  endOfInput(),
]
const isGood = (n: number) => n % 5 !== BAD
const expected = NUMBERS.filter(isGood).map((n) => emitted(n * 10, n))
const refused = NUMBERS.filter((n) => !isGood(n))

describe.each([
  ['in order', true],
  ['as they come', false],
])('calls that fail for good, %s', (_name, ordered) => {
  test.each([1, 3, 100])('hold up nothing else, however the step is restored, capacity %i', async (capacity) => {
    const harness = operatorHarness<number, number>({ create: stepOf({ capacity, ordered, onError: 'skip' }) })
    await harness.verify({
      input,
      expect: expected,
      order: ordered ? 'exact' : 'withinWatermark',
      counters: { skippedRecords: refused.length },
    })
  })

  test('have one dead letter each, which is the record', async () => {
    for (const mode of ALL_MODES) {
      const { sideOutputs } = await runCase<number>(
        { create: stepOf({ ordered, onError: 'deadLetter' }), sideOutputs: ['failed'], startAt: 500 },
        mode,
        input,
      )
      const letters = (sideOutputs['failed'] ?? []) as readonly Emitted<DeadLetter>[]
      const raws = letters.map(({ value }) => Number(new TextDecoder().decode(value.raw)))
      expect(
        raws.sort((one, other) => one - other),
        mode.name,
      ).toEqual(refused)
      for (const { value } of letters) {
        expect(value).toMatchObject({ code: 'USER_FUNCTION_FAILED', isPart: false, rejectedAt: 500 })
      }
    }
  })
})

describe('a record without an answer', () => {
  test('is given up when retries and time are over, and what came behind it goes on', async () => {
    const service = new Service()
    const lone = await LoneAsync.open(service.fn, {
      timeout: millis(100),
      retry: { attempts: 3, delay: millis(10) },
      onError: 'skip',
    })
    lone.send(1, 2)
    lone.watermark(2)
    await lone.settle()
    service.answer(2)
    service.take(1).reject(new Error('busy'))
    await lone.advance(10)
    expect(service.called).toEqual([1, 2, 1])
    expect(lone.out).toEqual([])
    await lone.advance(90)
    expect(lone.out).toEqual([20, 'W2'])
    expect(lone.metrics.valueOf('skippedRecords')).toBe(1)
    expect(lone.metrics.valueOf('async_timeouts')).toBe(1)
    // An answer after that is nobody's.
    service.answer(1)
    await lone.settle()
    expect(lone.out).toEqual([20, 'W2'])
    await lone.close()
  })

  test('that was given up, but stands behind another, is called for again after a restore', async () => {
    const service = new Service()
    const settings = { onError: 'deadLetter' as ErrorAction }
    const first = await LoneAsync.open(service.fn, settings)
    first.send(1, 2)
    await first.settle()
    service.take(2).reject(new Error('broken'))
    await first.settle()
    first.barrier()
    await first.settle()
    const { states } = first.snapshot!
    await first.close()
    const second = await LoneAsync.open(service.fn, settings, { restored: states })
    await second.settle()
    expect(service.called).toEqual([1, 2, 1, 2])
    service.answer(1, 1, 2)
    await second.settle()
    expect(second.out).toEqual([10, 20])
    expect(second.metrics.valueOf('deadLetters')).toBe(0)
    await second.close()
  })

  test('has the result of onTimeout first; onError is for one that throws', async () => {
    const service = new Service()
    const lone = await LoneAsync.open(service.fn, {
      timeout: millis(100),
      onError: 'skip',
      onTimeout: (value: number) => {
        if (value === 2) throw new Error('no')
        return -value
      },
    })
    lone.send(1, 2, 3)
    await lone.advance(100)
    expect(lone.out).toEqual([-1, -3])
    expect(lone.metrics.valueOf('skippedRecords')).toBe(1)
    await lone.close()
  })
})

test('calls again are retry, not onError: the other form is refused in words', () => {
  const onError = { retry: { attempts: 3 } } as unknown as ErrorAction
  expect(() => stepOf({ onError })).toThrow(/retry: \{ attempts: 3 \}, which wait/)
})

test('a chaining of its own is taken', () => {
  expect(() =>
    defineJob('chained', (job) => {
      job
        .from('numbers', collection<number>([]))
        .mapAsync('called', tenfold, { chaining: 'new' })
        .to('out', collectInto<number>([]))
    }).build({}),
  ).not.toThrow()
})
