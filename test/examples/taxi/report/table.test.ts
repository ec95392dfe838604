import { describe, expect, it } from 'vitest'
import { airportAverages, hottestCells, usesColour } from '../../../../examples/taxi/report/index.js'
import { hour, midnight } from './synthetic-day.js'

const row = (location: string, pickup_count: number, at: number) => ({
  location,
  pickup_count,
  timestamp: midnight + at * hour,
})
const rows = [row('dr5ru7k', 9, 2), row('dr5rugb', 1_204, 1), row('dr5rsj0', 77, 1), row('dr5ru7m', 8, 2)]

describe('the table of the hottest cells', () => {
  it('has the hottest of each hour in order of time, numbers aligned to the right', () => {
    expect(hottestCells(rows, { perHour: 2 }).split('\n')).toEqual([
      'day              hour         rank  cell     at                 pickups',
      'Tue 15 Jan 2013  00:00-00:59     1  dr5rugb  40.7586, -73.9703    1,204',
      '                                 2  dr5rsj0  40.7215, -74.0032       77',
      'Tue 15 Jan 2013  01:00-01:59     1  dr5ru7k  40.7558, -73.9867        9',
      '                                 2  dr5ru7m  40.7558, -73.9854        8',
    ])
  })

  it('says how many rows are left out, and says so when there are none at all', () => {
    expect(hottestCells(rows, { limit: 1 }).split('\n').slice(2)).toEqual(['and 1 more rows'])
    expect(hottestCells([])).toBe('No pickups.')
    expect(airportAverages([])).toBe('No airport trips.')
  })

  it('is coloured only on request, and aligned all the same', () => {
    expect(hottestCells(rows)).not.toContain('\u001b')
    const coloured = hottestCells(rows, { colour: true })
    expect(coloured).toContain('\u001b[33m  1,204\u001b[39m')
    expect(coloured.replaceAll('\u001b[33m', '').replaceAll('\u001b[39m', '')).toBe(hottestCells(rows))
  })
})

describe('the table of airport averages', () => {
  it('has minutes with their unit, and a dash where no cell had two trips', () => {
    const trips = {
      location: 'dr5ru7',
      airport_code: 'LGA',
      sum_trip_duration: 41,
      avg_trip_duration: 20.5,
      timestamp: midnight + hour,
    } as const
    expect(airportAverages([trips]).split('\n')).toEqual([
      'day              hour         to JFK  trips    to LGA  trips',
      'Tue 15 Jan 2013  00:00-00:59       -      -  20.5 min      2',
    ])
  })
})

describe('colours on a terminal', () => {
  it('are for terminals whose owner did not set NO_COLOR', () => {
    expect(usesColour({ isTTY: true }, {})).toBe(true)
    expect(usesColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false)
    expect(usesColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false)
    expect(usesColour({}, {})).toBe(false)
  })
})
