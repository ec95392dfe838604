import type { Batch } from '../../core/element.js'
import { TidemarkError } from '../../core/errors.js'
import type { PartitionRow } from '../../core/graph/node.js'
import { isAsynchronous, recordOf, returnedPromise, userError } from '../../core/operators/user-error.js'

interface Asked {
  /** Whose row it is. */
  readonly operatorId: string
  readonly partition: PartitionRow
  readonly subtasks: number
}

/**
 * Which of so many subtasks gets a row, as the user's function says.
 * @throws TidemarkError PARTITION_INDEX_INVALID, USER_FUNCTION_FAILED, USER_FUNCTION_RETURNED_PROMISE
 */
export function partitionOf(batch: Batch, row: number, asked: Asked): number {
  const { partition, subtasks } = asked
  let index: unknown
  try {
    index = partition(batch.values[row], subtasks)
    if (isSubtask(index, subtasks)) return index
  } catch (thrown) {
    throw userError(thrown, whereOf(batch, row, asked))
  }
  // Made only for what fails: this runs once a row.
  const where = whereOf(batch, row, asked)
  if (isAsynchronous(index)) throw returnedPromise(index, where)
  const found = typeof index === 'number' ? String(index) : index === null ? 'null' : `a ${typeof index}`
  throw userError(
    new TidemarkError({
      code: 'PARTITION_INDEX_INVALID',
      domain: 'user',
      message:
        `partitionBy: expected the index of one of ${subtasks} subtasks, a whole number from 0 to ${subtasks - 1}, found ` +
        `${found}. Take the remainder by the second argument, of a number that is not negative`,
    }),
    where,
  )
}

function whereOf(batch: Batch, row: number, { operatorId }: Asked) {
  return { operatorId, call: 'the function of partitionBy behind it', ...recordOf(batch, row) }
}

function isSubtask(index: unknown, subtasks: number): index is number {
  return Number.isInteger(index) && (index as number) >= 0 && (index as number) < subtasks
}
