import { describe, expect, test } from 'vitest'
import { Batch } from '../../../core/element.js'
import { filterOperator } from '../../../core/operators/filter.js'
import { flatMapOperator } from '../../../core/operators/flat-map.js'
import { keyByOperator } from '../../../core/operators/key-by.js'
import { mapOperator } from '../../../core/operators/map.js'
import type { Operator, OperatorContext, Output } from '../../../core/operators/operator.js'
import { Origin } from '../../../core/origin.js'

const batch = new Batch([1, 2, 3, 4], [1, 2, 3, 4], undefined, undefined, Origin.ofPoll('a', [10, 20, 30, 40]))

/** What an operator makes of the batch from its second row on. */
function fromSecondRow(operator: Operator<number, number>): { batches: Batch[]; origin: Origin | undefined } {
  operator.open?.({ operatorId: 'op', maxParallelism: 128 } as unknown as OperatorContext)
  const batches: Batch[] = []
  const output: Output<number> = {
    full: false,
    origin: undefined,
    emit: (value, timestamp) => void batches.push(new Batch([value], [timestamp], undefined, undefined, output.origin)),
    emitTo() {},
    emitBatch: (given) => void batches.push(given),
  }
  expect(operator.process(batch, 1, output, 0)).toBe(4)
  return { batches, origin: output.origin }
}

describe('a batch that an operator goes on with in the middle', () => {
  test.each([
    ['map', mapOperator((n: number) => n)],
    ['keyBy', keyByOperator((n: number) => n)],
  ])('%s: each row keeps its exact offset', (_name, operator) => {
    const [made] = fromSecondRow(operator).batches
    expect(made?.values).toEqual([2, 3, 4])
    expect(made?.values.map((_, row) => made.origin?.offsetOf(row))).toEqual([20, 30, 40])
  })

  test('filter: rows that were dropped leave the range', () => {
    const [made] = fromSecondRow(filterOperator((n: number) => n !== 3)).batches
    expect(made?.values).toEqual([2, 4])
    expect(made?.origin?.describe(1)).toContain('one of offsets 10 to 40')
  })

  test('flatMap: its rows have the range, and nothing that comes after them', () => {
    const { batches, origin } = fromSecondRow(flatMapOperator((n: number) => [n, n]))
    expect(batches).toHaveLength(6)
    for (const made of batches) expect(made.origin?.describe(0)).toContain('one of offsets 10 to 40')
    expect(origin).toBeUndefined()
  })
})
