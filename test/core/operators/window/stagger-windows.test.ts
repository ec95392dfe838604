import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { stagger } from '../../../../core/window/index.js'
import { emitted, endOfInput, processingTime, watermark } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import { cutByTime } from './cut-by-time.js'
import type { Row } from './model.js'
import { at, randomInput, windowHarness } from './window-harness.js'

const fired = (start: number, end: number, ...values: number[]) =>
  emitted<Row>({ key: 'a', start, end, values }, end - 1)
const staggered = (length: number, latenessMs = 0) => windowHarness({ assigner: stagger(millis(length)), latenessMs })

describe('a stagger window', () => {
  test('opens with the first record of a key and closes after its length; the next record opens the next one', async () => {
    await staggered(10).verify({
      input: [at(3, 1), at(12, 2), at(13, 3), at(30, 4), endOfInput()],
      expect: [fired(3, 13, 1, 2), fired(13, 23, 3), fired(30, 40, 4)],
      order: 'exact',
    })
  })

  test('is of one key: another one has windows of its own', async () => {
    await staggered(10).verify({
      input: [at(3, 1), at(7, 2, 'b'), watermark(12), watermark(16)],
      expect: [fired(3, 13, 1), emitted({ key: 'b', start: 7, end: 17, values: [2] }, 16)],
    })
  })

  test('opens with the first record by its time, not by its arrival', async () => {
    await staggered(10).verify({
      input: [at(8, 1), at(15, 2), at(3, 3), endOfInput()],
      expect: [fired(3, 13, 1, 3), fired(15, 25, 2)],
    })
  })

  test('takes records of one time together, and fires once', async () => {
    await staggered(1).verify({
      input: [at(5, 1), at(5, 2), watermark(4), at(5, 3), endOfInput()],
      expect: [fired(5, 6, 1, 2, 3)],
    })
  })

  test('takes a record that is behind the watermark while it is open', async () => {
    await staggered(10).verify({
      input: [at(3, 1), watermark(9), at(5, 2), endOfInput()],
      expect: [fired(3, 13, 1, 2)],
    })
  })

  test('does not take a record that is older than it: that is late, even where no window would overlap', async () => {
    await staggered(10).verify({
      input: [at(30, 1), watermark(30), at(29, 2), at(5, 3), endOfInput()],
      expect: [fired(30, 40, 1)],
      sideOutputs: { late: [emitted({ key: 'a', value: 2 }, 29), emitted({ key: 'a', value: 3 }, 5)] },
      counters: { lateRecords: 2 },
    })
  })

  test('within the allowed lateness takes a record that is older by less than its length, and keeps its bounds', async () => {
    await staggered(10, 5).verify({
      input: [at(30, 1), watermark(30), at(29, 2), endOfInput()],
      expect: [fired(30, 40, 1, 2)],
    })
  })

  test('within the allowed lateness opens for a record that no other is near to, and fires at its end', async () => {
    await staggered(10, 20).verify({
      input: [at(30, 1), watermark(30), at(12, 2), endOfInput()],
      expect: [fired(12, 22, 2), fired(30, 40, 1)],
    })
  })

  test('within the allowed lateness fires again for each record, with the whole contents', async () => {
    await staggered(10, 5).verify({
      input: [at(3, 1), watermark(12), at(4, 2), watermark(16), at(5, 3), watermark(17), at(6, 4)],
      expect: [fired(3, 13, 1), fired(3, 13, 1, 2), fired(3, 13, 1, 2, 3)],
      sideOutputs: { late: [emitted({ key: 'a', value: 4 }, 6)] },
    })
  })

  test.each(['aggregate', 'process'] as const)(
    'of processing time opens when its first record comes, whatever the record says (%s)',
    async (contents) => {
      const assigner = stagger(millis(10), { time: 'processing' })
      await windowHarness({ assigner, contents, startAt: 104 }).verify({
        input: [
          watermark(9999),
          at(7, 1),
          processingTime(113),
          at(3, 2),
          processingTime(114),
          processingTime(120),
          at(0, 3),
          processingTime(130),
        ],
        expect: [fired(104, 114, 1, 2), fired(120, 130, 3)],
      })
    },
  )

  test.each([0, -1, 1.5])('of %d ms is refused', (length) => {
    expect(() => stagger({ ms: length })).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID' }))
  })
})

describe('stagger windows over random streams', () => {
  test('are what cutting all records by time gives, in whatever order they come', async () => {
    const cases = fc.record({ length: fc.integer({ min: 1, max: 12 }), input: randomInput(15) })
    await fc.assert(
      fc.asyncProperty(cases, async ({ length, input }) => {
        const { rows, late } = cutByTime(input, (_record, start) => start + length)
        await staggered(length).verify({ input, expect: rows, sideOutputs: { late } })
      }),
      runs(200),
    )
  })
})
