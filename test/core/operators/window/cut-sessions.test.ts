import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { session } from '../../../../core/window/index.js'
import { emitted, endOfInput, processingTime, watermark } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import { cutByTime } from './cut-by-time.js'
import type { Reading, Row } from './model.js'
import { at, randomInput, windowHarness } from './window-harness.js'

const fired = (start: number, end: number, ...values: number[]) =>
  emitted<Row>({ key: 'a', start, end, values }, end - 1)
/** A record's gap is its value + 1. */
const byRecord = session((reading: Reading) => millis(reading.value + 1))
const refused = expect.objectContaining({ code: 'WINDOW_INVALID' })

describe('a session with a gap by record', () => {
  const harness = (assigner: typeof byRecord) => windowHarness({ assigner: assigner as ReturnType<typeof session> })

  test('ends a gap of its last reaching record after it, and merges what touches, in any order', async () => {
    await harness(byRecord).verify({
      input: [at(10, 1), at(0, 9), at(3, 1), at(13, 1), endOfInput()],
      expect: [fired(0, 12, 1, 1, 9), fired(13, 15, 1)],
    })
  })

  test('refuses a gap that cannot work when the record comes', async () => {
    const verified = harness(byRecord).verify({ input: [at(1, -1)], expect: [] })
    await expect(verified).rejects.toMatchObject({ code: 'WINDOW_INVALID', operatorId: 'under-test' })
  })
})

describe('a session with a maximum length', () => {
  const cut = (gap: number, maxLength: number, latenessMs = 0) =>
    windowHarness({ assigner: session(millis(gap), { maxLength: millis(maxLength) }), latenessMs })

  test('is cut at its start + the maximum, and the next record begins the next one', async () => {
    await cut(5, 10).verify({
      input: [at(0, 1), at(4, 2), at(8, 3), at(10, 4), endOfInput()],
      expect: [fired(0, 10, 1, 2, 3), fired(10, 15, 4)],
    })
  })

  test('is cut by time, not by arrival', async () => {
    await cut(5, 10).verify({
      input: [at(10, 4), at(8, 3), at(4, 2), at(0, 1), endOfInput()],
      expect: [fired(0, 10, 1, 2, 3), fired(10, 15, 4)],
    })
  })

  test('does not take a record that comes exactly a gap after its last one', async () => {
    await cut(5, 10).verify({
      input: [at(0, 1), at(5, 2), endOfInput()],
      expect: [fired(0, 5, 1), fired(5, 10, 2)],
    })
  })

  test('that is over keeps its bounds when a late record enters it', async () => {
    await cut(5, 20, 9).verify({
      input: [at(0, 1), at(6, 2), watermark(6), at(4, 3), endOfInput()],
      expect: [fired(0, 5, 1), fired(0, 5, 1, 3), fired(6, 11, 2)],
    })
  })

  test('in processing time is cut by the clock', async () => {
    const assigner = session(millis(5), { maxLength: millis(7), time: 'processing' })
    await windowHarness({ assigner, startAt: 100 }).verify({
      input: [at(0, 1), processingTime(104), at(0, 2), processingTime(107), at(0, 3), processingTime(112)],
      expect: [fired(100, 107, 1, 2), fired(107, 112, 3)],
    })
  })

  test('refuses a maximum that is none, or shorter than the gap', () => {
    for (const ms of [0, -1, 1.5, 4]) expect(() => session(millis(5), { maxLength: { ms } })).toThrow(refused)
  })
})

describe('sessions with a maximum length over random streams', () => {
  test('are what cutting all records by time gives, in whatever order they come', async () => {
    const cases = fc.record({ max: fc.integer({ min: 1, max: 12 }), input: randomInput(15) })
    await fc.assert(
      fc.asyncProperty(cases, async ({ max, input }) => {
        const { rows, late } = cutByTime(input, ({ value, timestamp }, start) =>
          Math.min(timestamp + value.value + 1, start + max),
        )
        const assigner = session((reading: Reading) => millis(reading.value + 1), { maxLength: millis(max) })
        const harness = windowHarness({ assigner: assigner as ReturnType<typeof session> })
        await harness.verify({ input, expect: rows, sideOutputs: { late } })
      }),
      runs(200),
    )
  })
})
