import fc from 'fast-check'
import { TidemarkError } from 'tidemark'
import { describe, expect, it } from 'vitest'
import { decodeTaxiEvent, encodeTaxiEvent, type TripEvent } from '../../../../examples/taxi/events/index.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (encoded: Uint8Array): string => new TextDecoder().decode(encoded)

const trip: TripEvent = {
  type: 'trip',
  tripId: 65,
  pickupLatitude: 40.725124,
  pickupLongitude: -73.99221,
  dropoffLatitude: 40.726658,
  dropoffLongitude: -73.991646,
  totalAmount: 10.8,
  pickupTime: Date.UTC(2013, 0, 1, 0, 0, 9),
  dropoffTime: Date.UTC(2013, 0, 1, 0, 0, 36, 250),
}

const wireTrip = {
  type: 'trip',
  trip_id: 65,
  pickup_latitude: 40.725124,
  pickup_longitude: -73.99221,
  dropoff_latitude: 40.726658,
  dropoff_longitude: -73.991646,
  total_amount: 10.8,
  pickup_datetime: '2013-01-01T00:00:09Z',
  dropoff_datetime: '2013-01-01T00:00:36.250Z',
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)
const instant = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') })
const anyTrip: fc.Arbitrary<TripEvent> = fc.record({
  type: fc.constant('trip'),
  tripId: fc.oneof(fc.constant(undefined), fc.string({ unit: 'grapheme' }), fc.maxSafeNat()),
  pickupLatitude: finite,
  pickupLongitude: finite,
  dropoffLatitude: finite,
  dropoffLongitude: finite,
  totalAmount: fc.option(finite, { nil: undefined }),
  pickupTime: instant,
  dropoffTime: instant,
})

function malformedBy(input: string | Uint8Array): TidemarkError {
  try {
    decodeTaxiEvent(typeof input === 'string' ? bytes(input) : input)
  } catch (thrown) {
    if (thrown instanceof TidemarkError) return thrown
    throw thrown
  }
  throw new Error(`${String(input)} was decoded`)
}

describe('the wire format', () => {
  it('is one JSON object with snake_case fields and a newline at its end', () => {
    const encoded = text(encodeTaxiEvent(trip))
    expect(encoded.endsWith('}\n')).toBe(true)
    expect(encoded.indexOf('\n')).toBe(encoded.length - 1)
    expect(JSON.parse(encoded)).toEqual(wireTrip)
  })

  it('writes a watermark as its instant and its type', () => {
    const encoded = text(encodeTaxiEvent({ type: 'watermark', watermark: Date.UTC(2013, 0, 1, 1) }))
    expect(encoded).toBe('{"watermark":"2013-01-01T01:00:00Z","type":"watermark"}\n')
  })

  it('gives back every event', () => {
    fc.assert(
      fc.property(anyTrip, (event) => {
        expect(decodeTaxiEvent(encodeTaxiEvent(event))).toEqual(event)
        expect(JSON.parse(text(encodeTaxiEvent(event))).pickup_longitude).toBe(event.pickupLongitude)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(instant, (watermark) => {
        const event = { type: 'watermark', watermark } as const
        expect(decodeTaxiEvent(encodeTaxiEvent(event))).toEqual(event)
      }),
    )
  })

  it('reads fields in any order, with spaces, and ignores the others', () => {
    const fields = Object.entries({ ...wireTrip, vendor_id: 2, note: 'a "quoted" \\ text', nested: { type: 'x' } })
    fc.assert(
      fc.property(fc.shuffledSubarray(fields, { minLength: fields.length }), fc.nat(2), (shuffled, indent) => {
        expect(decodeTaxiEvent(bytes(JSON.stringify(Object.fromEntries(shuffled), null, indent)))).toEqual(trip)
      }),
    )
  })

  it('takes the last of two fields with the same name, as JSON does', () => {
    const twice = `{"pickup_latitude":1,${JSON.stringify(wireTrip).slice(1)}`
    expect(decodeTaxiEvent(bytes(twice))).toEqual(trip)
    const back = `${JSON.stringify(wireTrip).slice(0, -1)},"type":"watermark","watermark":"2013-01-01T00:00:00Z"}`
    expect(decodeTaxiEvent(bytes(back)).type).toBe('watermark')
  })

  it('does without trip_id and total_amount, absent or of another type', () => {
    const { trip_id: _tripId, total_amount: _totalAmount, ...required } = wireTrip
    const expected = { ...trip, tripId: undefined, totalAmount: undefined }
    expect(decodeTaxiEvent(bytes(JSON.stringify(required)))).toEqual(expected)
    expect(decodeTaxiEvent(bytes(JSON.stringify({ ...required, trip_id: null, total_amount: '10' })))).toEqual(expected)
  })

  it('gives every trip its fields in the same order', () => {
    const { trip_id: _tripId, ...without } = wireTrip
    const reversed = Object.fromEntries(Object.entries(wireTrip).reverse())
    for (const variant of [wireTrip, without, reversed]) {
      expect(Object.keys(decodeTaxiEvent(bytes(JSON.stringify(variant))))).toEqual(Object.keys(trip))
    }
  })
})

describe('a malformed event', () => {
  it.each([
    ['', /not JSON/],
    ['{', /not JSON/],
    ['{"type":"trip"', /not JSON/],
    ['null', /null, expected one JSON object/],
    ['[]', /an array, expected one JSON object/],
    ['"trip"', /a string of 4 characters, expected one JSON object/],
    ['{}', /type is missing/],
    ['{"type":"bus"}', /type is a string of 3 characters, expected 'trip' or 'watermark'/],
    ['{"type":"watermark"}', /watermark is missing/],
    ['{"type":"watermark","watermark":1357002000000}', /watermark is a number, expected an ISO 8601 instant/],
    ['{"type":"watermark","watermark":"2013-02-30T00:00:00Z"}', /watermark is a string of 20 characters/],
  ])('%s is refused', (input, message) => {
    const error = malformedBy(input)
    expect(error.message).toMatch(message)
    expect([error.code, error.domain, error.retryable]).toEqual(['RECORD_MALFORMED', 'user', false])
  })

  it('is refused for bytes that are not UTF-8', () => {
    const encoded = bytes(JSON.stringify({ ...wireTrip, note: 'x' }))
    encoded[encoded.lastIndexOf('x'.charCodeAt(0))] = 0xff
    expect(malformedBy(encoded).message).toMatch(/not UTF-8/)
  })

  const required = Object.keys(wireTrip).filter((name) => !['type', 'trip_id', 'total_amount'].includes(name))
  it.each(required)('is refused without %s, or with another type of it', (name) => {
    for (const value of [undefined, null, true, {}, [], 'text']) {
      expect(malformedBy(JSON.stringify({ ...wireTrip, [name]: value })).message).toContain(name)
    }
    const infinite = JSON.stringify({ ...wireTrip, [name]: 'here' }).replace('"here"', '1e999')
    expect(malformedBy(infinite).message).toMatch(new RegExp(`${name} is infinite`))
  })

  it.each([
    '{"type":"trip",}',
    '{"type":"trip" "trip_id":1}',
    '{"trip_id":01}',
    '{"trip_id":1.}',
    '{"trip_id":+1}',
    '{"trip_id":.5}',
    '{"trip_id":-}',
    '{"trip_id":1e}',
    '{"trip_id":tru}',
    "{'trip_id':1}",
    '{"trip_id":"a\nb"}',
    '{"trip_id":"\\x"}',
  ])('%o is refused with all fields of a trip after it', (prefix) => {
    const input = `${prefix.slice(0, -1)},${JSON.stringify(wireTrip).slice(1)}`
    expect(() => JSON.parse(input)).toThrow(SyntaxError)
    expect(malformedBy(input).message).toMatch(/not JSON/)
  })

  it.each([' x', '}', ',', '{}', '\u00a0'])('is refused with %o after its end', (rest) => {
    expect(malformedBy(`${JSON.stringify(wireTrip)}${rest}`).message).toMatch(/not JSON/)
  })
})
