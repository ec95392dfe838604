import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import {
  afterCount,
  eachRecord,
  eventTime,
  every,
  global,
  never,
  onTime,
  processingTime as processingTimeTrigger,
  purging,
  session,
  sliding,
  type TimeWindow,
  type Trigger,
  tumbling,
  type WindowAssigner,
} from '../../../../core/window/index.js'
import { emitted, endOfInput, processingTime, watermark } from '../../../harness/index.js'
import type { Reading, Row } from './model.js'
import { at, VALUES, windowHarness } from './window-harness.js'

const row = (start: number, end: number, ...values: number[]): Row => ({ key: 'a', start, end, values })
const fired = (start: number, end: number, ...values: number[]) => emitted(row(start, end, ...values), end - 1)
const whole = (...values: number[]) => emitted(row(-1, -1, ...values), Number.POSITIVE_INFINITY)

describe('event time', () => {
  test('a window fires when the watermark reaches its last millisecond, not before', async () => {
    await windowHarness({ assigner: tumbling(millis(10)) }).verify({
      input: [at(9, 1), watermark(8), at(0, 2), watermark(9)],
      expect: [fired(0, 10, 1, 2)],
    })
  })

  test('a late record within allowed lateness fires the window again, with the whole contents', async () => {
    await windowHarness({ assigner: tumbling(millis(10)), latenessMs: 5 }).verify({
      input: [at(1, 1), watermark(9), at(2, 2), watermark(13), at(3, 3), watermark(14), at(4, 4)],
      expect: [fired(0, 10, 1), fired(0, 10, 1, 2), fired(0, 10, 1, 2, 3)],
      sideOutputs: { late: [emitted({ key: 'a', value: 4 }, 4)] },
      counters: { lateRecords: 1 },
    })
  })

  test('a record whose window is gone is not late data while its own time and lateness are ahead of the watermark', async () => {
    await windowHarness({ assigner: sliding(millis(4), millis(10)) }).verify({
      input: [watermark(3), at(5, 1), at(3, 2)],
      expect: [],
      sideOutputs: { late: [emitted({ key: 'a', value: 2 }, 3)] },
      counters: { lateRecords: 1, recordsInNoWindow: 1 },
    })
  })

  test('the end of input fires all event-time windows, in the order of their ends', async () => {
    await windowHarness({ assigner: tumbling(millis(10)) }).verify({
      input: [at(25, 3), at(5, 1), at(15, 2), endOfInput()],
      expect: [fired(0, 10, 1), fired(10, 20, 2), fired(20, 30, 3)],
      order: 'exact',
    })
  })

  test('a record without a timestamp is refused, naming the operator', async () => {
    const harness = windowHarness({ assigner: tumbling(millis(10)) })
    const verified = harness.verify({ input: [at(Number.NEGATIVE_INFINITY, 1)], expect: [] })
    await expect(verified).rejects.toMatchObject({ code: 'TIMESTAMP_MISSING', operatorId: 'under-test' })
  })
})

describe('sessions', () => {
  test('windows that touch merge, and the merged window fires once', async () => {
    await windowHarness({ assigner: session(millis(5)) }).verify({
      input: [at(0, 1), at(10, 2), at(5, 3), watermark(14)],
      expect: [fired(0, 15, 1, 2, 3)],
    })
  })

  test('lateness is tested on the merged window', async () => {
    await windowHarness({ assigner: session(millis(5)) }).verify({
      input: [at(10, 1), watermark(12), at(6, 2), at(5, 3), at(2, 4), endOfInput()],
      expect: [fired(2, 15, 1, 2, 3, 4)],
    })
  })

  test('counts of merged sessions add up', async () => {
    await windowHarness({ assigner: session(millis(5)), trigger: afterCount(4) }).verify({
      input: [at(0, 1), at(10, 2), at(5, 3), at(6, 4)],
      expect: [fired(0, 15, 1, 2, 3, 4)],
    })
  })

  const made = (assigner: WindowAssigner<unknown, TimeWindow>, trigger: Trigger) => () =>
    windowOperator<Reading, TimeWindow, number[], number[], number>({
      assigner,
      trigger,
      allowedLatenessMs: 0,
      contents: { kind: 'aggregate', aggregate: VALUES, shape: () => 0 },
    })

  test('a trigger that cannot merge is refused', () => {
    const { merge: _, ...unmergeable } = { ...eventTime(), kind: 'unmergeable()' }
    expect(made(session(millis(5)), unmergeable)).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID' }))
  })

  test.each([eventTime(), onTime().early(eachRecord()), every(millis(5)), purging(onTime())])(
    'windows of processing time refuse the trigger $kind, which waits for the watermark',
    (trigger) => {
      const refused = expect.objectContaining({
        code: 'WINDOW_INVALID',
        message: expect.stringContaining('wall clock'),
      })
      expect(made(tumbling(millis(10), { time: 'processing' }), trigger)).toThrow(refused)
      expect(made(session(millis(10), { time: 'processing' }), trigger)).toThrow(refused)
      expect(made(tumbling(millis(10)), trigger)).not.toThrow()
    },
  )

  test('in processing time a session ends a gap after its last record', async () => {
    await windowHarness({ assigner: session(millis(5), { time: 'processing' }), startAt: 100 }).verify({
      input: [at(0, 1), processingTime(104), at(0, 2), processingTime(108), processingTime(109), at(0, 3)],
      expect: [fired(100, 109, 1, 2)],
    })
  })
})

describe('global windows', () => {
  test('never fire by default, not at the end either', async () => {
    await windowHarness({ assigner: global() }).verify({ input: [at(1, 1), watermark(5), endOfInput()], expect: [] })
  })

  test('afterCount fires with everything so far', async () => {
    await windowHarness({ assigner: global(), trigger: afterCount(2) }).verify({
      input: [at(1, 1), at(2, 2), at(3, 3), at(4, 4), at(5, 5)],
      expect: [whole(1, 2), whole(1, 2, 3, 4)],
    })
  })

  test.each(['aggregate', 'process'] as const)('purging drops what has fired (%s)', async (contents) => {
    await windowHarness({ assigner: global(), trigger: purging(afterCount(2)), contents }).verify({
      input: [at(1, 1), at(2, 2), at(3, 3), at(4, 4), at(5, 5)],
      expect: [whole(1, 2), whole(3, 4)],
    })
  })

  test('the event-time trigger fires them at the end of input', async () => {
    await windowHarness({ assigner: global(), trigger: eventTime() }).verify({
      input: [at(1, 1), at(2, 2), watermark(7), endOfInput()],
      expect: [whole(1, 2)],
    })
  })
})

describe('triggers on aligned windows', () => {
  test('purge clears the contents, not the trigger: a late record fires with itself alone', async () => {
    await windowHarness({ assigner: tumbling(millis(10)), trigger: purging(eventTime()), latenessMs: 5 }).verify({
      input: [at(1, 1), watermark(9), at(2, 2), endOfInput()],
      expect: [fired(0, 10, 1), fired(0, 10, 2)],
    })
  })

  test('afterCount counts a key and window, each on its own', async () => {
    await windowHarness({ assigner: tumbling(millis(10)), trigger: afterCount(2) }).verify({
      input: [at(1, 1), at(11, 2), at(2, 3), at(12, 4), endOfInput()],
      expect: [fired(0, 10, 1, 3), fired(10, 20, 2, 4)],
    })
  })

  test('never keeps a window silent', async () => {
    await windowHarness({ assigner: sliding(millis(10), millis(5)), trigger: never() }).verify({
      input: [at(1, 1), endOfInput()],
      expect: [],
    })
  })

  test('the processing-time trigger fires event-time windows by the clock', async () => {
    const trigger = processingTimeTrigger()
    await windowHarness({ assigner: tumbling(millis(10)), trigger, startAt: 0 }).verify({
      input: [at(1, 1), processingTime(9), at(2, 2), processingTime(10)],
      expect: [fired(0, 10, 1, 2)],
    })
  })
})

describe('processing time', () => {
  test.each(['aggregate', 'process'] as const)(
    'a window fires when the clock reaches its end (%s)',
    async (contents) => {
      const assigner = tumbling(millis(10), { time: 'processing' })
      await windowHarness({ assigner, contents, startAt: 101 }).verify({
        input: [at(0, 1), processingTime(109), at(0, 2), processingTime(110), at(0, 3), processingTime(125)],
        expect: [fired(100, 110, 1, 2), fired(110, 120, 3)],
      })
    },
  )

  test('sliding windows do too, and nothing is late, whatever the watermark says', async () => {
    const assigner = sliding(millis(10), millis(5), { time: 'processing' })
    await windowHarness({ assigner, startAt: 102 }).verify({
      input: [watermark(1000), at(0, 1), processingTime(105), at(0, 2), processingTime(110), processingTime(115)],
      expect: [fired(95, 105, 1), fired(100, 110, 1, 2), fired(105, 115, 2)],
    })
  })

  test('what is pending at the end of input does not fire', async () => {
    const assigner = tumbling(millis(10), { time: 'processing' })
    await windowHarness({ assigner }).verify({ input: [at(0, 1), endOfInput()], expect: [] })
    await windowHarness({ assigner: session(millis(5), { time: 'processing' }) }).verify({
      input: [at(0, 1), endOfInput()],
      expect: [],
    })
  })
})
