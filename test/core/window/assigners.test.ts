import { describe, expect, test } from 'vitest'
import { type Duration, hours, millis, minutes, seconds } from '../../../core/duration.js'
import { afterCount, global, purging, session, sliding, stagger, tumbling } from '../../../core/window/index.js'

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
    ['an offset that is no duration', () => tumbling(hours(1), { offset: 5 as unknown as Duration })],
    ['a time that is none', () => tumbling(hours(1), { time: 'procesing' as 'processing' })],
    ['two offsets', () => tumbling(hours(1), { offset: minutes(1), negativeOffset: minutes(1) })],
  ])('refuse %s', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'WINDOW_INVALID', domain: 'user' }))
  })

  test.each([
    [null, 'null'],
    [undefined, 'a value of type undefined'],
    [300_000, 'a value of type number'],
    [{ ms: '5' }, 'a value of type object'],
    [{ ms: Number.NaN }, 'NaNms'],
    ['5 minutes', "'5 minutes'"],
  ])('say of %s that it is no length of time', (given, found) => {
    // What a JavaScript caller gives.
    const duration = given as Duration
    const message = (where: string) => `${where} must be a positive number of whole milliseconds, not ${found}`
    expect(() => tumbling(duration)).toThrow(message('tumbling: size'))
    expect(() => sliding(hours(1), duration)).toThrow(message('sliding: slide'))
    expect(() => stagger(duration)).toThrow(message('stagger: length'))
    expect(() => session(duration)).toThrow(message('session: gap'))
    const { spec } = session(() => duration)
    if (spec.kind !== 'session') throw new Error(`expected sessions, found ${spec.kind}`)
    expect(() => spec.gapOf({})).toThrow(message("session: a record's gap"))
    if (duration !== undefined) {
      expect(() => session(hours(1), { maxLength: duration })).toThrow(message('session: maxLength'))
    }
  })

  test('afterCount refuses what is not a positive whole number', () => {
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(() => afterCount(count)).toThrow(expect.objectContaining({ code: 'TRIGGER_INVALID' }))
    }
  })
})
