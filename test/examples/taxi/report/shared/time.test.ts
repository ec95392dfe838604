import { describe, expect, it } from 'vitest'
import { dayLabel, hourLabel, stepLabel, timeLabel } from '../../../../../examples/taxi/report/shared/time.js'

const afternoon = Date.UTC(2013, 0, 1, 17, 42)

describe('times of the report', () => {
  it('reads the wall clock as UTC, in any zone', () => {
    expect(hourLabel(afternoon)).toBe('17:00-17:59')
    expect(dayLabel(afternoon)).toBe('Tue 1 Jan 2013')
    expect(timeLabel(afternoon)).toBe('Tue 1 Jan 2013 17:42')
  })

  it('names a step by its hour, its day or its length', () => {
    expect(stepLabel(afternoon, 1)).toEqual({ span: '17:00-17:59', date: 'Tue 1 Jan 2013' })
    expect(stepLabel(afternoon, 24)).toEqual({ span: 'Tue 1 Jan 2013', date: '' })
    expect(stepLabel(afternoon, 24 * 28)).toEqual({ span: '28 days', date: 'from Tue 1 Jan 2013' })
  })
})
