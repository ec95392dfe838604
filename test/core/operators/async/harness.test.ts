import { describe, test } from 'vitest'
import type { AsyncOptions } from '../../../../core/operators/async/async-function.js'
import { mapAsyncOperator } from '../../../../core/operators/async/async-operator.js'
import { asyncSettings } from '../../../../core/operators/async/async-settings.js'
import type { Operator } from '../../../../core/operators/operator.js'
import { emitted, endOfInput, operatorHarness, record, watermark } from '../../../harness/index.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A service that is slow for some, so that results come in another order than records. */
async function tenfold(n: number): Promise<number> {
  for (let turns = (n * 7) % 5; turns > 0; turns--) await turn()
  return n * 10
}

function create(options: AsyncOptions<number, number>): () => Operator {
  return () => mapAsyncOperator(tenfold, asyncSettings<number, number>('async', options)) as Operator
}

/** A watermark after every fifth record. */
const input = Array.from({ length: 23 }, (_, n) =>
  n % 5 === 4 ? [record(n, n), watermark(n - 1)] : [record(n, n)],
).flat()
const expected = Array.from({ length: 23 }, (_, n) => emitted(n * 10, n))

describe('async results, however the records come and whenever it is restored', () => {
  test.each([1, 2, 3, 100])('in order, capacity %i', async (capacity) => {
    const harness = operatorHarness<number, number>({ create: create({ capacity }) })
    await harness.verify({ input: [...input, endOfInput()], expect: expected, order: 'exact' })
  })

  test.each([1, 2, 3, 100])('as they come, none across a watermark, capacity %i', async (capacity) => {
    const harness = operatorHarness<number, number>({ create: create({ capacity, ordered: false }) })
    await harness.verify({ input: [...input, endOfInput()], expect: expected })
  })
})
