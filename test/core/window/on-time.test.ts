import { expect, test } from 'vitest'
import {
  afterCount,
  eachRecord,
  eventTime,
  every,
  minutes,
  onTime,
  processingTime,
  purging,
  type Trigger,
} from '../../../core/index.js'

const byTheClock = { time: 'processing' } as const

test.each<readonly [string, Trigger]>([
  ['every(1m)', every(minutes(1))],
  ['purging(every(1m))', purging(every(minutes(1)))],
  ['eventTime()', eventTime()],
  ['onTime()', onTime()],
  ['mine()', { ...afterCount(3), kind: 'mine()', endsIn: 'event' }],
])('onTime of the wall clock refuses an early trigger that waits for the watermark: %s', (kind, trigger) => {
  const refused = expect.objectContaining({
    code: 'TRIGGER_INVALID',
    message:
      `onTime({ time: 'processing' }): the window ends by the wall clock, and the early trigger ${kind} waits for the ` +
      "watermark; use one of the wall clock, such as every(minutes(1), { time: 'processing' })",
  })
  expect(() => onTime(byTheClock).early(trigger)).toThrow(refused)
  expect(() => onTime(byTheClock).late(eachRecord()).early(trigger)).toThrow(refused)
  expect(() => onTime().early(trigger)).not.toThrow()
})

test('onTime of the wall clock takes early triggers of the wall clock, and those of neither time', () => {
  for (const trigger of [every(minutes(1), byTheClock), afterCount(3), processingTime(), onTime(byTheClock)]) {
    expect(onTime(byTheClock).early(trigger).kind).toBe(`onTime(processing time).early(${trigger.kind})`)
  }
})
