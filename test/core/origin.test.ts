import { describe, expect, test } from 'vitest'
import { Origin } from '../../core/origin.js'

const polled = Origin.ofPoll('shard-1', ['100', '107', '120'])

describe('what an error says of a row', () => {
  test('split and exact offset while rows are those that were polled', () => {
    expect(polled.describe(1)).toBe('split shard-1, offset 107')
    expect(polled.from(1).describe(1)).toBe('split shard-1, offset 120')
    expect(polled.from(1).from(1).offsetOf(0)).toBe('120')
  })

  test('the range of the poll where rows are some of those', () => {
    expect(polled.scattered().describe(1)).toBe('split shard-1, one of offsets 100 to 120, record 1 of its batch')
    expect(polled.scattered().from(2).describe(0)).toContain('100 to 120')
    expect(polled.scattered().offsetOf(0)).toBeUndefined()
  })

  test('one offset where one record was polled, the split alone where the source gives none', () => {
    expect(Origin.ofPoll('a', [7]).scattered().describe(3)).toBe('split a, offset 7, record 3 of its batch')
    expect(Origin.ofPoll('a').describe(3)).toBe('split a, record 3 of its batch')
  })
})
