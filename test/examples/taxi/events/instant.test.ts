import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatInstant, parseInstant } from '../../../../examples/taxi/events/index.js'

const anyInstant = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') })

describe('an instant', () => {
  it('is read back as it was written, by itself and by Date', () => {
    fc.assert(
      fc.property(anyInstant, (epochMs) => {
        expect(parseInstant(formatInstant(epochMs))).toBe(epochMs)
        expect(parseInstant(new Date(epochMs).toISOString())).toBe(epochMs)
        expect(Date.parse(formatInstant(epochMs))).toBe(epochMs)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['2013-01-01T00:00:36Z', '2013-01-01T00:00:36.000Z'],
    ['2013-01-01T00:00:36.5Z', '2013-01-01T00:00:36.500Z'],
    ['2013-01-01T00:00:36.123456789Z', '2013-01-01T00:00:36.123Z'],
    ['2013-01-01T00:00Z', '2013-01-01T00:00:00.000Z'],
    ['2013-01-01T00:00:36-05:00', '2013-01-01T05:00:36.000Z'],
    ['2013-01-01T05:30:36.250+0530', '2013-01-01T00:00:36.250Z'],
    ['2016-02-29T23:59:59Z', '2016-02-29T23:59:59.000Z'],
    ['+012016-02-29T23:59:59Z', '+012016-02-29T23:59:59.000Z'],
  ])('%s means %s', (text, expected) => {
    expect(new Date(parseInstant(text)).toISOString()).toBe(expected)
  })

  it.each([
    '',
    '2013-01-01',
    '2013-01-01T00:00:36',
    '2013-01-01 00:00:36Z',
    '2013-02-29T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2013-04-31T00:00:00.000Z',
    '2013-00-10T00:00:00Z',
    '2013-13-10T00:00:00Z',
    '2013-01-00T00:00:00Z',
    '2013-01-01T24:00:00Z',
    '2013-01-01T00:60:00Z',
    '2013-01-01T00:00:60Z',
    '2013-01-01T00:00:00.0x0Z',
    '2013-01-01T00:00:00.00xZ',
    '2013-01-01T0a:00:00Z',
    '20 3-01-01T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+00:01',
    '2013-01-01T00:00:00+24:00',
    '+999999-01-01T00:00:00Z',
    'Tue, 01 Jan 2013 00:00:36 GMT',
  ])('%o is none', (text) => {
    expect(parseInstant(text)).toBeNaN()
  })
})
