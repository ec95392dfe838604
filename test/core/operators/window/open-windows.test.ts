import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OpenWindows } from '../../../../core/operators/window/open-windows.js'
import { WindowEntry } from '../../../../core/operators/window/window-entry.js'

const window = (start: number): WindowEntry => new WindowEntry(start, start + 1, 'key', 0)
const startsOf = (windows: Iterable<WindowEntry>): number[] => Array.from(windows, ({ start }) => start)

test('is what a sorted array is, whatever opens and closes', () => {
  const step = fc.oneof(
    fc.record({ open: fc.integer({ min: 0, max: 60 }) }),
    fc.record({ close: fc.nat({ max: 60 }) }),
    fc.record({ closeFirst: fc.constant(true) }),
    fc.record({ take: fc.nat({ max: 60 }), count: fc.nat({ max: 3 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const windows = new OpenWindows([])
      let expected: WindowEntry[] = []
      for (const each of steps) {
        if ('open' in each) {
          const at = windows.firstWhere(({ start }) => start >= each.open)
          expect(at).toBe(expected.filter(({ start }) => start < each.open).length)
          if (windows.at(at)?.start === each.open) continue
          const entry = window(each.open)
          windows.insert(entry, at)
          expected.splice(at, 0, entry)
        } else if ('take' in each) {
          const at = Math.min(each.take, expected.length)
          expect(windows.take(at, each.count)).toEqual(expected.splice(at, each.count))
        } else {
          const closed = 'close' in each ? expected[each.close] : expected[0]
          if (closed === undefined) continue
          windows.remove(closed)
          expected = expected.filter((entry) => entry !== closed)
        }
        expect(windows.length).toBe(expected.length)
        expect(startsOf(windows)).toEqual(startsOf(expected))
        for (let at = -1; at <= expected.length; at++) expect(windows.at(at)).toBe(expected[at])
      }
    }),
  )
})

test('removing one that is not there changes nothing', () => {
  const windows = new OpenWindows([window(1), window(3)])
  windows.remove(window(1))
  windows.remove(window(2))
  windows.remove(window(4))
  expect(startsOf(windows)).toEqual([1, 3])
})

test('a row looks at few of many windows, newest or oldest, and one that closes keeps nothing', () => {
  const entries = Array.from({ length: 50_000 }, (_, start) => window(start))
  const windows = new OpenWindows(entries)
  const looksAt = (start: number): number => {
    let looks = 0
    windows.firstWhere((entry) => {
      looks++
      return entry.start >= start
    })
    return looks
  }
  expect(looksAt(49_999)).toBeLessThanOrEqual(3)
  expect(looksAt(49_990)).toBeLessThanOrEqual(10)
  expect(looksAt(3)).toBeLessThanOrEqual(40)
  for (const entry of entries.slice(0, 49_999)) windows.remove(entry)
  expect(startsOf(windows)).toEqual([49_999])
})
