import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import {
  afterCount,
  eachRecord,
  every,
  global,
  never,
  onTime,
  purging,
  session,
  type Trigger,
  tumbling,
} from '../../../../core/window/index.js'
import { emitted, endOfInput, type HarnessInput, processingTime, watermark } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import type { Reading, Row } from './model.js'
import { at, randomInput, windowHarness } from './window-harness.js'

const fired = (start: number, end: number, ...values: number[]) =>
  emitted<Row>({ key: 'a', start, end, values }, end - 1)
const ended = endOfInput()

/** Windows of 10 ms. */
const tumblingBy = (trigger: Trigger, latenessMs = 0) =>
  windowHarness({ assigner: tumbling(millis(10)), trigger, latenessMs })

describe('every', () => {
  test('fires at multiples of the interval that the watermark passes, and at the last millisecond of the window', async () => {
    await tumblingBy(every(millis(4))).verify({
      input: [at(1, 1), watermark(2), watermark(3), at(5, 2), at(8, 3), watermark(7), watermark(8), watermark(9)],
      expect: [fired(0, 10, 1), fired(0, 10, 1, 2, 3)],
    })
  })

  test('does not fire where no record came since it last fired', async () => {
    await tumblingBy(every(millis(2))).verify({
      input: [at(0, 1), watermark(1), watermark(3), watermark(5), watermark(7), ended],
      expect: [fired(0, 10, 1)],
    })
  })

  test('fires at the first multiple ahead of the watermark for a record behind it, and once for all that came', async () => {
    await tumblingBy(every(millis(4))).verify({
      input: [at(9, 1), watermark(2), at(0, 2), watermark(3), ended],
      expect: [fired(0, 10, 1, 2)],
    })
  })

  test('fires at once for a late record that is allowed', async () => {
    await tumblingBy(every(millis(4)), 5).verify({
      input: [at(1, 1), watermark(12), at(2, 2)],
      expect: [fired(0, 10, 1), fired(0, 10, 1, 2)],
    })
  })

  test('by the wall clock fires at multiples of the interval, and not at the end of the window', async () => {
    const harness = windowHarness({
      assigner: tumbling(millis(10)),
      trigger: every(millis(4), { time: 'processing' }),
      startAt: 101,
    })
    await harness.verify({
      input: [
        at(1, 1),
        processingTime(103),
        processingTime(104),
        processingTime(108),
        at(2, 2),
        processingTime(112),
        ended,
      ],
      expect: [fired(0, 10, 1), fired(0, 10, 1, 2)],
    })
  })

  test('goes on over sessions that merge: a multiple that came nearer counts, and a session that was over before does not', async () => {
    const harness = (trigger: Trigger) => windowHarness({ assigner: session(millis(5)), trigger })
    await harness(onTime().early(every(millis(4)))).verify({
      input: [at(0, 1), watermark(2), at(3, 2), watermark(3), at(9, 3), at(7, 4), watermark(7), ended],
      expect: [fired(0, 8, 1, 2), fired(0, 14, 1, 2, 3, 4), fired(0, 14, 1, 2, 3, 4)],
    })
    await harness(every(millis(10))).verify({
      input: [at(0, 1), at(3, 2), at(6, 3), watermark(4), watermark(9), ended],
      expect: [fired(0, 11, 1, 2, 3)],
    })
  })

  test('by the wall clock goes on over sessions that merge', async () => {
    const trigger = every(millis(4), { time: 'processing' })
    await windowHarness({ assigner: session(millis(5)), trigger, startAt: 101 }).verify({
      input: [at(0, 1), at(9, 2), at(4, 3), processingTime(104), at(6, 4), processingTime(108), ended],
      expect: [fired(0, 14, 1, 2, 3), fired(0, 14, 1, 2, 3, 4)],
    })
  })

  test('refuses a record of a global window that has no timestamp', async () => {
    const verified = windowHarness({ assigner: global(), trigger: every(millis(4)) }).verify({
      input: [at(Number.POSITIVE_INFINITY, 1)],
      expect: [],
    })
    await expect(verified).rejects.toMatchObject({ code: 'TRIGGER_INVALID' })
  })

  test.each([0, -1, 1.5, Number.NaN])('of %d ms is refused', (ms) => {
    expect(() => every({ ms })).toThrow(expect.objectContaining({ code: 'TRIGGER_INVALID', domain: 'user' }))
  })
})

describe('onTime', () => {
  const input = [at(1, 1), watermark(3), at(5, 2), watermark(9), at(2, 3), at(3, 4), watermark(14)]

  test('alone fires at the end, and for each late record', async () => {
    await tumblingBy(onTime(), 5).verify({
      input,
      expect: [fired(0, 10, 1, 2), fired(0, 10, 1, 2, 3), fired(0, 10, 1, 2, 3, 4)],
    })
  })

  test('fires early, then on time, then late, each as its trigger says', async () => {
    await tumblingBy(
      onTime()
        .early(every(millis(4)))
        .late(afterCount(2)),
      5,
    ).verify({
      input,
      expect: [fired(0, 10, 1), fired(0, 10, 1, 2), fired(0, 10, 1, 2, 3, 4)],
    })
  })

  test('fires nothing late when late is never, and nothing again where the window was purged', async () => {
    await tumblingBy(purging(onTime().early(eachRecord()).late(never())), 5).verify({
      input,
      expect: [fired(0, 10, 1), fired(0, 10, 2)],
    })
  })

  test('fires once where the watermark passes an early firing and the end together', async () => {
    await tumblingBy(onTime().early(every(millis(4)))).verify({
      input: [at(1, 1), watermark(100)],
      expect: [fired(0, 10, 1)],
    })
  })

  test('of processing time fires early, and at the end by the clock', async () => {
    const assigner = tumbling(millis(10), { time: 'processing' })
    const trigger = onTime({ time: 'processing' }).early(every(millis(4), { time: 'processing' }))
    await windowHarness({ assigner, trigger, startAt: 101 }).verify({
      input: [at(0, 1), processingTime(104), at(0, 2), processingTime(108), at(0, 3), processingTime(110)],
      expect: [fired(100, 110, 1), fired(100, 110, 1, 2), fired(100, 110, 1, 2, 3)],
    })
  })

  test('gives each of its triggers a state and timers of its own: those of early ones go when the late ones begin', async () => {
    const heard: string[] = []
    const noting = (name: string): Trigger => ({
      kind: name,
      onRecord(_value, timestamp, _window, context) {
        heard.push(`${name} ${timestamp} ${context.state}`)
        context.state = timestamp
        context.registerProcessingTimeTimer(50)
        context.registerProcessingTimeTimer(60)
        context.deleteProcessingTimeTimer(60)
        return 'continue'
      },
      onEventTime: () => 'continue',
      onProcessingTime(timestamp, _window, context) {
        heard.push(`${name} at ${timestamp} ${context.state}`)
        return 'fire'
      },
      clear: (_window, context) => void heard.push(`${name} cleared ${context.state}`),
    })
    const trigger = onTime().early(noting('early')).late(noting('late'))
    const harness = windowHarness({ assigner: tumbling(millis(10)), trigger, latenessMs: 10 })
    await harness.verify({
      input: [at(1, 1), at(2, 2), watermark(9), at(3, 3), at(4, 4), processingTime(70), watermark(19)],
      expect: [fired(0, 10, 1, 2), fired(0, 10, 1, 2, 3, 4)],
    })
    const once = ['early 1 undefined', 'early 2 1', 'late 3 undefined', 'late 4 3', 'late at 50 4', 'late cleared 4']
    expect(heard.filter((line) => line === 'early at 50 2')).toEqual([])
    expect([...new Set(heard)]).toEqual(once)
  })

  test('says what it is, and refuses what is no trigger and a time that is none', () => {
    expect(
      onTime()
        .early(every(millis(4)))
        .late(eachRecord()).kind,
    ).toBe('onTime().early(every(4ms)).late(eachRecord())')
    expect(onTime({ time: 'processing' }).kind).toBe('onTime(processing time)')
    const refused = expect.objectContaining({ code: 'TRIGGER_INVALID', domain: 'user' })
    expect(() => onTime().early({} as Trigger)).toThrow(refused)
    expect(() => onTime({ time: 'event time' as 'event' })).toThrow(refused)
    expect(() => every(millis(1), { time: 'wall' as 'event' })).toThrow(refused)
  })

  test('of a trigger that cannot merge is refused for sessions', async () => {
    const { merge: _, ...cannotMerge } = eachRecord()
    const verified = (trigger: Trigger) =>
      windowHarness({ assigner: session(millis(5)), trigger }).verify({ input: [at(1, 1)], expect: [fired(1, 6, 1)] })
    await expect(verified(onTime().early(cannotMerge))).rejects.toMatchObject({ code: 'WINDOW_INVALID' })
    await verified(onTime().early(eachRecord()))
  })
})

describe('early results over random streams', () => {
  test.each([
    ['every', every, { atEnd: false, purges: false }],
    [
      'onTime with early',
      (interval: Parameters<typeof every>[0]) => onTime().early(every(interval)),
      { atEnd: true, purges: false },
    ],
    [
      'purging',
      (interval: Parameters<typeof every>[0]) => purging(onTime().early(every(interval))),
      { atEnd: true, purges: true },
    ],
  ] as const)(
    'are those of looking at all records whenever the watermark moves (%s)',
    async (_name, triggerOf, rules) => {
      const cases = fc.record({
        size: fc.integer({ min: 1, max: 12 }),
        interval: fc.integer({ min: 1, max: 12 }),
        lateness: fc.integer({ min: 0, max: 6 }),
        input: randomInput(15),
      })
      await fc.assert(
        fc.asyncProperty(cases, async ({ size, interval, lateness, input }) => {
          const trigger = triggerOf(millis(interval))
          const harness = windowHarness({ assigner: tumbling(millis(size)), trigger, latenessMs: lateness })
          await harness.verify({ input, ...plain(input, { size, interval, lateness, ...rules }) })
        }),
        runs(200),
      )
    },
  )
})

interface Rules {
  readonly size: number
  readonly interval: number
  readonly lateness: number
  /** Whether the end always fires. */
  readonly atEnd: boolean
  readonly purges: boolean
}

interface Kept {
  readonly key: string
  readonly start: number
  values: number[]
  /** When each record that was not in a result yet asks for one. */
  asked: number[]
}

function plain(input: readonly HarnessInput<Reading>[], { size, interval, lateness, atEnd, purges }: Rules) {
  const rows: ReturnType<typeof fired>[] = []
  const late: ReturnType<typeof emitted<Reading>>[] = []
  const windows = new Map<string, Kept>()
  let now = Number.NEGATIVE_INFINITY
  const fire = (kept: Kept): void => {
    const { key, start, values } = kept
    if (values.length > 0) {
      rows.push(emitted({ key, start, end: start + size, values: values.toSorted((a, b) => a - b) }, start + size - 1))
    }
    kept.asked = []
    if (purges) kept.values = []
  }
  for (const element of input) {
    if (element.kind === 'record') {
      const { value, timestamp } = element
      const start = Math.floor(timestamp / size) * size
      const last = start + size - 1
      if (last + lateness <= now) {
        late.push(emitted(value, timestamp))
        continue
      }
      const kept = windows.get(`${start} ${value.key}`) ?? { key: value.key, start, values: [], asked: [] }
      windows.set(`${start} ${value.key}`, kept)
      kept.values.push(value.value)
      kept.asked.push((Math.floor(Math.max(timestamp, now + 1) / interval) + 1) * interval - 1)
      if (last <= now) fire(kept)
    } else if (element.kind !== 'processingTime') {
      const before = now
      now = element.kind === 'end' ? Number.POSITIVE_INFINITY : Math.max(now, element.timestamp)
      for (const kept of windows.values()) {
        const last = kept.start + size - 1
        const isAsked = kept.asked.some((time) => Math.min(time, last) <= now)
        if (isAsked || (atEnd && last > before && last <= now)) fire(kept)
      }
    }
  }
  return { expect: rows, sideOutputs: { late } }
}
