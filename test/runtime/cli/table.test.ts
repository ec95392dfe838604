import { describe, expect, it } from 'vitest'
import { bytesText, durationText, table } from '../../../runtime/cli/table.js'

describe('a table', () => {
  it('aligns numbers to the right and words to the left', () => {
    expect(
      table(
        ['operator', 'records', 'time'],
        [
          ['in', 1234567, '-'],
          ['hotspots', 5, '12:00'],
        ],
      ),
    ).toBe(['operator    records  time', 'in        1,234,567  -', 'hotspots          5  12:00'].join('\n'))
  })

  it('shows amounts with units', () => {
    expect([0, 999, 1000, 1_250_000, 123_456_789, 2e15].map(bytesText)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.3 MB',
      '123 MB',
      '2000 TB',
    ])
    expect([12, 1500, 65_000, 3_600_000 * 2, 86_400_000 * 3].map(durationText)).toEqual([
      '12 ms',
      '1.5 s',
      '1 min 5 s',
      '2 h 0 min',
      '3 d 0 h',
    ])
  })
})
