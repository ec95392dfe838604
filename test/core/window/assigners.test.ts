import { describe, expect, test } from 'vitest'
import { hours, millis, minutes, seconds } from '../../../core/duration.js'
import { afterCount, global, purging, session, sliding, tumbling } from '../../../core/window/index.js'

describe('window assigners', () => {
  test('say what they are, with offset and time', () => {
    expect(tumbling(hours(1)).kind).toBe('tumbling(1h)')
    expect(sliding(hours(1), minutes(1), { offset: seconds(30) }).kind).toBe('sliding(1h, 1m, offset 30s)')
    expect(tumbling(hours(1), { negativeOffset: minutes(5) }).kind).toBe('tumbling(1h, offset -5m)')
    expect(session(minutes(5), { time: 'processing' }).kind).toBe('session(5m, processing time)')
    expect(global().kind).toBe('global()')
    expect(purging(afterCount(3)).kind).toBe('purging(afterCount(3))')
  })

  test.each([
    ['a size of zero', () => tumbling(millis(0))],
    ['a fractional size', () => tumbling(millis(1.5))],
    ['a slide of zero', () => sliding(hours(1), millis(0))],
    ['a gap of zero', () => session(millis(0))],
    ['an offset as large as the size', () => tumbling(hours(1), { offset: hours(1) })],
    ['an offset as large as the slide', () => sliding(hours(1), minutes(1), { offset: minutes(1) })],
    ['a negative offset as large as the slide', () => sliding(hours(1), minutes(1), { negativeOffset: minutes(1) })],
    ['two offsets', () => tumbling(hours(1), { offset: minutes(1), negativeOffset: minutes(1) })],
  ])('refuse %s', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID', domain: 'user' }))
  })

  test('afterCount refuses what is not a positive whole number', () => {
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(() => afterCount(count)).toThrow(expect.objectContaining({ code: 'TRIGGER_INVALID' }))
    }
  })
})
