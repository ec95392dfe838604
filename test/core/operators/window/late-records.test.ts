import { describe, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { eventTime, session, sliding, tumbling } from '../../../../core/window/index.js'
import { emitted, endOfInput, watermark } from '../../../harness/index.js'
import type { Row } from './model.js'
import { at, windowHarness } from './window-harness.js'

const row = (start: number, end: number, ...values: number[]): Row => ({ key: 'a', start, end, values })
const fired = (start: number, end: number, ...values: number[]) => emitted(row(start, end, ...values), end - 1)
const lateReading = (timestamp: number, value: number) => emitted({ key: 'a', value }, timestamp)

/** Fires like the default, but is not it: its windows are kept by key. */
const sameAsDefault = Object.freeze({ ...eventTime(), kind: 'sameAsDefault()' })
const LAYOUTS = [
  ['by slice', { contents: 'aggregate' }],
  ['by window', { contents: 'process' }],
  ['by key', { contents: 'aggregate', trigger: sameAsDefault }],
] as const

describe.each(LAYOUTS)('late records of sliding windows kept %s', (_layout, how) => {
  const assigner = sliding(millis(10), millis(5))

  test('a record that is late for some of its windows goes into the others, and is not counted as late', async () => {
    await windowHarness({ assigner, ...how }).verify({
      input: [at(7, 1), watermark(9), at(6, 2), endOfInput()],
      expect: [fired(0, 10, 1), fired(5, 15, 1, 2)],
      counters: { lateRecords: 0, recordsInNoWindow: 0 },
    })
  })

  test('a window is late when its last millisecond + lateness <= watermark, not a millisecond before', async () => {
    await windowHarness({ assigner, latenessMs: 3, ...how }).verify({
      input: [watermark(16), at(5, 1), watermark(17), at(6, 2), endOfInput()],
      expect: [fired(5, 15, 1)],
      sideOutputs: { late: [lateReading(6, 2)] },
      counters: { lateRecords: 1 },
    })
  })

  test.each([Number.MAX_VALUE, Number.POSITIVE_INFINITY])(
    'a lateness beyond all time (%d ms) keeps every window, and nothing is late',
    async (latenessMs) => {
      await windowHarness({ assigner, latenessMs, ...how }).verify({
        input: [at(7, 1), watermark(8e15), at(7, 2), endOfInput()],
        expect: [fired(0, 10, 1), fired(5, 15, 1), fired(0, 10, 1, 2), fired(5, 15, 1, 2)],
        counters: { lateRecords: 0 },
      })
    },
  )
})

describe('edges of windows', () => {
  test('start = timestamp - floorMod(timestamp - offset, size), for times before the epoch too', async () => {
    await windowHarness({ assigner: tumbling(millis(10), { offset: millis(3) }) }).verify({
      input: [at(-8, 1), at(-7, 2), at(2, 3), at(3, 4), endOfInput()],
      expect: [fired(-17, -7, 1), fired(-7, 3, 2, 3), fired(3, 13, 4)],
    })
  })

  test('a sliding record is in every start that steps back by the slide while start > timestamp - size', async () => {
    await windowHarness({ assigner: sliding(millis(10), millis(4)) }).verify({
      input: [at(10, 1), endOfInput()],
      expect: [fired(4, 14, 1), fired(8, 18, 1)],
    })
  })
})

describe('late sessions', () => {
  test('a record that touches no open session is late when its own window is', async () => {
    await windowHarness({ assigner: session(millis(5)), latenessMs: 2 }).verify({
      input: [at(0, 1), watermark(20), at(14, 2), at(13, 3), endOfInput()],
      expect: [fired(0, 5, 1)],
      sideOutputs: { late: [lateReading(14, 2), lateReading(13, 3)] },
      counters: { lateRecords: 2 },
    })
  })

  test('a late record that is allowed merges with the session that has fired, which fires again as a whole', async () => {
    await windowHarness({ assigner: session(millis(5)), latenessMs: 10 }).verify({
      input: [at(0, 1), watermark(6), at(3, 2), watermark(7), endOfInput()],
      expect: [fired(0, 5, 1), fired(0, 8, 1, 2)],
    })
  })

  test('sessions that are a millisecond apart do not merge', async () => {
    await windowHarness({ assigner: session(millis(5)) }).verify({
      input: [at(0, 1), at(6, 2), endOfInput()],
      expect: [fired(0, 5, 1), fired(6, 11, 2)],
    })
  })
})
