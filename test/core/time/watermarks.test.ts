import { describe, expect, expectTypeOf, it } from 'vitest'
import { millis, minutes, seconds } from '../../../core/duration.js'
import { MIN_WATERMARK, NO_TIMESTAMP } from '../../../core/element.js'
import type { WatermarkStrategy } from '../../../core/time/watermark-strategy.js'
import { boundedOutOfOrderness, markers, monotonous, noWatermarks } from '../../../core/time/watermarks.js'

type Event = { readonly type: 'trip'; readonly at: number } | { readonly type: 'marker'; readonly until: number }

/** Stands for `job.from`: the source fixes T, the strategy follows. */
function from<T>(_source: readonly T[], strategy: WatermarkStrategy<T>): WatermarkStrategy<T> {
  return strategy
}

describe('bounded out-of-orderness', () => {
  it('is the max timestamp seen - delay - 1', () => {
    const generator = boundedOutOfOrderness<number>({ timestamp: (at) => at, maxDelay: millis(10) }).generator()
    expect(generator.current()).toBe(MIN_WATERMARK)
    expect(generator.onRecord(100, 100)).toBe(false)
    expect(generator.current()).toBe(89)
    generator.onRecord(50, 50)
    expect(generator.current()).toBe(89)
    generator.onRecord(200, 200)
    expect(generator.current()).toBe(189)
  })

  it('never falls below the watermark that a checkpoint stored', () => {
    const generator = boundedOutOfOrderness<number>({ maxDelay: millis(10) }).generator()
    generator.restore(500)
    expect(generator.current()).toBe(500)
    generator.onRecord(400, 400)
    expect(generator.current()).toBe(500)
    generator.onRecord(512, 512)
    expect(generator.current()).toBe(501)
  })

  it('is not moved by a record without a timestamp', () => {
    const generator = boundedOutOfOrderness({ maxDelay: millis(10) }).generator()
    generator.onRecord('x', NO_TIMESTAMP)
    expect(generator.current()).toBe(MIN_WATERMARK)
  })

  it('is kept for each split on its own', () => {
    const strategy = boundedOutOfOrderness<number>({ maxDelay: millis(0) })
    const first = strategy.generator()
    first.onRecord(9, 9)
    expect(strategy.generator().current()).toBe(MIN_WATERMARK)
  })
})

describe('monotonous timestamps', () => {
  it('give the latest timestamp - 1', () => {
    const generator = monotonous<number>({ timestamp: (at) => at }).generator()
    generator.onRecord(7, 7)
    expect(generator.current()).toBe(6)
  })
})

describe('markers', () => {
  const strategy = markers<Event>({
    timestamp: (event) => (event.type === 'trip' ? event.at : 0),
    watermark: (event) => (event.type === 'marker' ? event.until : undefined),
  })

  it('alone move the watermark, right behind the marker', () => {
    const generator = strategy.generator()
    expect(generator.onRecord({ type: 'trip', at: 900 }, 900)).toBe(false)
    expect(generator.current()).toBe(MIN_WATERMARK)
    expect(generator.onRecord({ type: 'marker', until: 500 }, 500)).toBe(true)
    expect(generator.current()).toBe(500)
  })

  it('that go back, or repeat, are ignored', () => {
    const generator = strategy.generator()
    generator.restore(400)
    expect(generator.onRecord({ type: 'marker', until: 400 }, 400)).toBe(false)
    expect(generator.onRecord({ type: 'marker', until: 300 }, 300)).toBe(false)
    expect(generator.onRecord({ type: 'marker', until: Number.NaN }, Number.NaN)).toBe(false)
    expect(generator.current()).toBe(400)
  })

  it('have what they promise as their timestamp, so that the skew limit applies to them', () => {
    expect(strategy.timestamp?.({ type: 'marker', until: 4e12 })).toBe(4e12)
    expect(strategy.timestamp?.({ type: 'trip', at: 3 })).toBe(3)
  })
})

describe('no watermarks', () => {
  it('stay at the minimum, or what a checkpoint stored', () => {
    const generator = noWatermarks().generator()
    expect(generator.onRecord('x', 5)).toBe(false)
    expect(generator.current()).toBe(MIN_WATERMARK)
    generator.restore(3)
    expect(generator.current()).toBe(3)
  })
})

describe('a watermark strategy', () => {
  it('makes splits idle after 60 s and limits the skew to 5 min, unless told otherwise', () => {
    const byDefault = boundedOutOfOrderness({ maxDelay: seconds(60) })
    expect(byDefault).toMatchObject({ idleAfterMs: 60_000, maxSkewMs: 300_000 })
    expect(monotonous({ idleAfter: seconds(5), maxSkew: minutes(1) })).toMatchObject({
      idleAfterMs: 5_000,
      maxSkewMs: 60_000,
    })
    const off = monotonous({ idleAfter: false, maxSkew: false })
    expect(off.idleAfterMs).toBeUndefined()
    expect(off.maxSkewMs).toBeUndefined()
  })

  it('says what it is', () => {
    expect(boundedOutOfOrderness({ maxDelay: seconds(60) }).kind).toBe('boundedOutOfOrderness(1m)')
    expect(monotonous().kind).toBe('monotonous')
    expect(noWatermarks().kind).toBe('noWatermarks')
  })

  it('leaves timestamps to the source when none are assigned', () => {
    expect(monotonous().timestamp).toBeUndefined()
  })

  it('has its type from the source', () => {
    const events: Event[] = []
    from(
      events,
      boundedOutOfOrderness({
        timestamp: (event) => {
          expectTypeOf(event).toEqualTypeOf<Event>()
          return event.type === 'trip' ? event.at : event.until
        },
        maxDelay: seconds(60),
      }),
    )
    from(
      events,
      markers({
        timestamp: (event) => (event.type === 'trip' ? event.at : event.until),
        watermark: (event) => (event.type === 'marker' ? event.until : undefined),
      }),
    )
    from(events, monotonous({ timestamp: (event) => (event.type === 'trip' ? event.at : 0) }))
    from(events, noWatermarks())
    // @ts-expect-error a field that does not exist
    from(events, monotonous({ timestamp: (event) => event.nope }))
  })

  it.each<[string, (options: object) => unknown]>([
    ['boundedOutOfOrderness', (options) => boundedOutOfOrderness({ maxDelay: seconds(1), ...options })],
    ['monotonous', (options) => monotonous(options)],
    ['markers', (options) => markers<number>({ timestamp: (at) => at, watermark: () => undefined, ...options })],
  ])('%s refuses an option that it does not have: the watermark would wait for what is idle', (kind, made) => {
    expect(() => made({ idleAfter: seconds(1) })).not.toThrow()
    expect(() => made({ idelAfter: seconds(1) })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringMatching(`^${kind}: there is no option 'idelAfter'.*'idleAfter'`),
      }),
    )
  })

  it.each([
    ['boundedOutOfOrderness', boundedOutOfOrderness],
    ['monotonous', monotonous],
    ['markers', markers],
  ])('%s says that null is no options', (kind, made) => {
    expect(() => made(null as never)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: `${kind}: expected an object of options, found null`,
      }),
    )
  })

  it('names its alignment group only beside maxDrift', () => {
    const grouped = monotonous({ maxDrift: minutes(5), alignmentGroup: 'rides' })
    expect(grouped).toMatchObject({ maxDriftMs: 300_000, alignmentGroup: 'rides' })
    expect('alignmentGroup' in monotonous({ maxDrift: minutes(5) })).toBe(false)
    const refused = (options: object): unknown => {
      try {
        return monotonous(options)
      } catch (error) {
        return error
      }
    }
    for (const maxDrift of [undefined, false]) {
      expect(refused({ maxDrift, alignmentGroup: 'rides' })).toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining("alignmentGroup 'rides' needs maxDrift beside it"),
      })
    }
    expect(refused({ maxDrift: minutes(5), alignmentGroup: '' })).toMatchObject({
      message: 'monotonous: alignmentGroup is a name, found an empty one',
    })
    expect(refused({ maxDrift: minutes(5), alignmentGroup: ['rides'] })).toMatchObject({
      message: 'monotonous: alignmentGroup is a name, found object',
    })
  })
})
