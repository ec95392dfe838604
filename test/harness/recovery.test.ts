import { AssertionError } from 'node:assert'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../core/element.js'
import type { Operator, OperatorContext, Output } from '../../core/operators/operator.js'
import type { ValueState } from '../../core/state/backend.js'
import type { InternalKey } from '../../core/state/key.js'
import { emitted, type HarnessMode, operatorHarness, RECOVERED, RESTORED, record } from './index.js'

interface Cell {
  count: number
}

/** Counts the records of a key; `add` is how it changes what is stored. */
class Counting implements Operator<string, string> {
  private readonly add: (state: ValueState<Cell>) => void
  private context!: OperatorContext
  private state!: ValueState<Cell>

  constructor(add: (state: ValueState<Cell>) => void) {
    this.add = add
  }

  open(context: OperatorContext): void {
    this.context = context
    this.state = context.keyedState.value({ kind: 'value', name: 'cell' })
  }

  process({ values, keys, groups }: Batch<string>, from: number, output: Output<string>): number {
    for (let row = from; row < values.length; row++) {
      if (output.full) return row
      this.context.keyedState.setCurrentKey(keys?.[row] as InternalKey, groups?.[row] as number)
      this.add(this.state)
      output.emit(`${values[row]} ${this.state.value()?.count}`, 0)
    }
    return values.length
  }
}

const tracked = (state: ValueState<Cell>): void => {
  state.mutate((cell) => ({ count: (cell?.count ?? 0) + 1 }))
}

/** Changes what a read returned: nobody has told the state. */
const untold = (state: ValueState<Cell>): void => {
  const cell = state.value() as Cell | undefined
  if (cell === undefined) state.update({ count: 1 })
  else cell.count++
}

const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const input = Array.from({ length: 6 }, () => keys).flat()

function verify(add: (state: ValueState<Cell>) => void, mode: HarnessMode): Promise<void> {
  const harness = operatorHarness<string, string>({
    create: () => new Counting(add),
    keyOf: (value) => value,
    modes: [mode],
  })
  return harness.verify({
    input: input.map((key) => record(key, 0)),
    expect: input.map((key, index) => emitted(`${key} ${Math.floor(index / keys.length) + 1}`, 0)),
  })
}

describe('a case that fails and is recovered from increments', () => {
  test('has the results of a case that never failed', async () => {
    await expect(verify(tracked, RECOVERED)).resolves.toBeUndefined()
  })

  test('finds an operator that changes state behind its back, which whole snapshots do not', async () => {
    await expect(verify(untold, RESTORED)).resolves.toBeUndefined()
    await expect(verify(untold, RECOVERED)).rejects.toThrow(AssertionError)
  })
})
