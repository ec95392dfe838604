import { describe, expect, it } from 'vitest'
import { defineJob } from '../../core/index.js'
import type { Stream } from '../../core/stream/stream.js'
import { sink, sourceOf } from '../core/stream/job-parts.js'
import { testJob } from './test-job.js'

type Spread = (stream: Stream<number>) => Stream<number>

const SPREADS: readonly (readonly [string, Spread])[] = [
  ['rebalance', (stream) => stream.rebalance()],
  ['rescale', (stream) => stream.rescale()],
  ['replicate', (stream) => stream.replicate()],
  [
    'partitionBy',
    (stream) =>
      stream.partitionBy(
        (value) => value,
        (value, subtasks) => value % subtasks,
      ),
  ],
]

/** Which subtask had which value. */
const spreadJob = (spread: Spread) =>
  defineJob('spread', (job) => {
    const numbers = job.from('numbers', sourceOf<number>(), undefined, { parallelism: 2 })
    spread(numbers)
      .map({
        open: ({ subtask }) => subtask.index,
        map: (value, subtask) => ({ value, subtask }),
      })
      .to('rows', sink())
  })

interface Row {
  readonly value: number
  readonly subtask: number
}

const valuesFrom = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

describe('a job whose records are spread', () => {
  it.each(SPREADS)(
    'by %s has each of them once (by replicate: once a subtask), over a savepoint and a rescale',
    async (name, spread) => {
      const job = spreadJob(spread)
      const numbers = (from: number) => ({ splits: [valuesFrom(from, 40), valuesFrom(from + 40, 40)] })
      const first = await testJob(job, { sources: { numbers: numbers(0) }, parallelism: 5 })
      const savepoint = await first.savepoint()
      const second = await testJob(job, {
        sources: { numbers: { splits: [valuesFrom(0, 40), valuesFrom(40, 40)] } },
        parallelism: 3,
        from: savepoint,
      })
      await second.send('numbers', valuesFrom(80, 40))
      await second.finish()

      const rows = [...first.results<Row>('rows'), ...second.results<Row>('rows')]
      const expected = valuesFrom(0, 120).flatMap((value) =>
        new Array<number>(name !== 'replicate' ? 1 : value < 80 ? 5 : 3).fill(value),
      )
      expect(rows.map(({ value }) => value).sort((a, b) => a - b)).toEqual(expected)
      const used = (test: typeof first) => new Set(test.results<Row>('rows').map(({ subtask }) => subtask)).size
      expect(used(first)).toBe(5)
      if (name === 'partitionBy') {
        for (const { value, subtask } of first.results<Row>('rows')) expect(subtask).toBe(value % 5)
        for (const { value, subtask } of second.results<Row>('rows')) expect(subtask).toBe(value % 3)
      }
    },
  )

  it('fails with the step and the record where partitionBy gives no subtask', async () => {
    const run = testJob(
      spreadJob((stream) =>
        stream.partitionBy(
          (value) => value,
          (value) => value,
        ),
      ),
      { sources: { numbers: [0, 1, 7] }, parallelism: 2 },
    )
    await expect(run).rejects.toMatchObject({ code: 'PARTITION_INDEX_INVALID', operatorId: 'numbers' })
  })
})
