import { expect, test } from 'vitest'
import { layoutOf } from '../../../runtime/savepoint/layouts.js'
import { entriesOf, pairOf } from '../../../runtime/savepoint/stored-entry.js'

const fail = (found: string): Error => new Error(found)

test("a window's own state is read and written as windows are: by start and key", () => {
  const stored = { layout: 'by-window value', version: 1 }
  const layout = layoutOf('window-state:seen', stored)
  const pair = { key: [60_000, 'a'], value: 7 }
  const [entry, ...more] = entriesOf(layout!, stored, pair, fail)
  expect(more).toEqual([])
  expect(entry).toEqual({
    kind: 'window',
    state: 'window-state:seen',
    layout: 'by-window value',
    key: 'a',
    window: { start: 60_000 },
    value: 7,
  })
  expect(pairOf(entry!)).toEqual(pair)
})

test("a window's own state of an unknown layout is left to a later release", () => {
  expect(layoutOf('window-state:seen', { layout: 'by-slice value', version: 1 })).toBeUndefined()
  expect(layoutOf('window-state:seen', { layout: 'by-window value', version: 2 })).toBeUndefined()
})

test('a counted window is read and written with its slices and its count', () => {
  const stored = { layout: 'by-key counted(3) aggregate n', version: 1 }
  const window = {
    start: 1,
    end: 6,
    eventTimers: [],
    processingTimers: [],
    contents: [[[2], 1, 5]],
    trigger: 2,
  }
  const [entry] = entriesOf(layoutOf('windows', stored)!, stored, { key: 'a', value: [window] }, fail)
  expect(entry).toMatchObject({ kind: 'window', window: { start: 1, end: 6 }, value: [[[2], 1, 5]], trigger: 2 })
  expect(pairOf(entry!)).toEqual({ key: 'a', value: [window] })
})
