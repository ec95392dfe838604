import { describe, expect, it } from 'vitest'
import { count, defineJob, millis, monotonous, type StepOptions, sum, tumbling } from '../../core/index.js'
import { errorOf, sink, sourceOf } from '../core/stream/job-parts.js'
import { testJob } from './test-job.js'

interface Reading {
  readonly at: number
  readonly value: number
}

const allReadings = (options?: StepOptions) =>
  defineJob('all-readings', (job) => {
    const all = job
      .from('readings', sourceOf<Reading>(), monotonous({ timestamp: (reading: Reading) => reading.at }))
      .windowAll(tumbling(millis(10)))
      .aggregate('whole', { readings: count(), value: sum((reading) => reading.value) }, options)
    all.map((row) => ({ ...row })).to('rows', sink())
    all.late.to('late', sink())
  })

const readings = (from: number, to: number): Reading[] =>
  Array.from({ length: to - from }, (_, index) => ({ at: from + index, value: from + index }))

/** Two splits, which two subtasks read: the windows have the records of both. */
const splits = { splits: [readings(0, 25), readings(0, 25)] }

describe('windows over all records of a stream', () => {
  it('hold the records of every subtask, over a savepoint and a rescale', async () => {
    const job = allReadings()
    const first = await testJob(job, { sources: { readings: splits }, parallelism: 2 })
    const savepoint = await first.savepoint()
    const second = await testJob(job, { sources: { readings: splits }, parallelism: 3, from: savepoint })
    await second.finish()

    const rows = new Map<number, object>()
    for (const row of [
      ...first.results<{ window: { start: number } }>('rows'),
      ...second.results<{ window: { start: number } }>('rows'),
    ]) {
      expect(rows.has(row.window.start)).toBe(false)
      rows.set(row.window.start, row)
    }
    const expected = [
      [0, 10],
      [10, 20],
      [20, 25],
    ].map(([start = 0, end = 0]) => {
      const value = 2 * readings(start, end).reduce((total, reading) => total + reading.value, 0)
      return { key: 'all', window: { start, end: start + 10 }, readings: 2 * (end - start), value }
    })
    expect([...rows.values()]).toEqual(expected)
  })

  it('run in one subtask, whatever the parallelism of the job, and explain says so', () => {
    const node = allReadings()
      .build({})
      .nodes.find((found) => found.id === 'whole')
    expect(node).toMatchObject({ parallelism: 1, label: expect.stringContaining('all(tumbling(10ms))') })
  })

  it('refuse more subtasks than one', () => {
    const error = errorOf(() => allReadings({ parallelism: 2 }).build({}))
    expect(error.code).toBe('GRAPH_PARALLELISM_INVALID')
    expect(error.message).toContain(
      'whole: windows over all records run in one subtask, found parallelism 2. Key the stream first',
    )
  })

  it('refuse what is no window', () => {
    const wrong = defineJob('wrong', (job) => {
      job
        .from('readings', sourceOf<Reading>())
        // @ts-expect-error: a window is expected
        .windowAll('hourly')
        .reduce('whole', (left: Reading) => left)
        .to('rows', sink())
    })
    const error = errorOf(() => wrong.build({}))
    expect(error.message).toBe('windowAll: expected windows, such as windowAll(tumbling(hours(1)))')
  })
})
