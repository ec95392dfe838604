import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TimeWindow } from '../../../core/index.js'
import { type TopPerWindowOptions, topPerWindow } from '../../../core/patterns/index.js'
import {
  type Emitted,
  emitted,
  endOfInput,
  type HarnessInput,
  operatorHarness,
  record,
  watermark,
} from '../../harness/index.js'
import { runs } from '../../setup/runs.js'
import { operatorOf, recordsOf, refusal, row } from './under-test.js'

interface Cell {
  readonly key: string
  readonly window: TimeWindow
  readonly count: number
}
type Options = TopPerWindowOptions<Cell>

const hour = (start: number): TimeWindow => ({ start, end: start + 10 })
const cell = (key: string, count: number, start = 0): Cell => ({ key, window: hour(start), count })
const came = (one: Cell) => record(one, one.window.end - 1)
const ranked = (one: Cell, rank: number) => emitted({ ...one, rank }, one.window.end - 1)

const ranking = (options: Partial<Options> = {}) =>
  operatorHarness<Cell, Cell & { readonly rank: number }>({
    create: operatorOf<Cell>((cells) =>
      cells.pipe(topPerWindow('under-test', { n: 2, by: ({ count }) => count, ...options })),
    ),
    keyOf: ({ window, key }) =>
      options.per === undefined ? [window.start, window.end] : [window.start, window.end, key.charAt(0)],
    sideOutputs: ['late'],
  })

describe('topPerWindow', () => {
  test('gives the rows with the largest value of each window, ranked, when the window is over', async () => {
    await ranking().verify({
      input: [
        came(cell('a', 1)),
        came(cell('b', 5)),
        came(cell('x', 9, 10)),
        came(cell('c', 3)),
        watermark(8),
        came(cell('d', 4)),
        watermark(9),
        watermark(30),
      ],
      expect: [ranked(cell('b', 5), 1), ranked(cell('d', 4), 2), ranked(cell('x', 9, 10), 1)],
      order: 'exact',
    })
  })

  test('ties: the smaller key comes first, whatever the order of arrival', async () => {
    const expected = [ranked(cell('a', 5), 1), ranked(cell('b', 5), 2)]
    for (const keys of ['cba', 'abc', 'bca']) {
      await ranking().verify({
        input: [...[...keys].map((key) => came(cell(key, 5))), endOfInput()],
        expect: expected,
        order: 'exact',
      })
    }
  })

  test('ties are what thenBy says: types in their order, tuples element by element', async () => {
    const of = { a: [true, 1], b: [1, 'z'], c: [2], d: [2n], e: ['a'], f: 'a', g: ['a', 0], h: 7, i: false } as const
    const order = ['i', 'h', 'f', 'a', 'b', 'c', 'd', 'e', 'g']
    await ranking({ n: 9, thenBy: ({ key }) => of[key as keyof typeof of] }).verify({
      input: [...Object.keys(of).map((key) => came(cell(key, 5))), endOfInput()],
      expect: order.map((key, index) => ranked(cell(key, 5), index + 1)),
      order: 'exact',
    })
  })

  test('a ranking for each of what per gives', async () => {
    await ranking({ n: 1, per: ({ key }) => key.charAt(0) }).verify({
      input: [came(cell('a1', 1)), came(cell('a2', 2)), came(cell('b1', 1)), endOfInput()],
      expect: [ranked(cell('a2', 2), 1), ranked(cell('b1', 1), 1)],
    })
  })

  test('with ids a row replaces the one before it, also where it is lower', async () => {
    await ranking({ id: ({ key }) => key }).verify({
      input: [came(cell('a', 9)), came(cell('b', 4)), came(cell('c', 3)), came(cell('a', 1)), endOfInput()],
      expect: [ranked(cell('b', 4), 1), ranked(cell('c', 3), 2)],
      order: 'exact',
    })
  })

  test('a row behind the end of its window is late', async () => {
    await ranking().verify({
      input: [came(cell('a', 1)), watermark(9), came(cell('b', 2)), endOfInput()],
      expect: [ranked(cell('a', 1), 1)],
      sideOutputs: { late: [emitted(cell('b', 2), 9)] },
      counters: { lateRecords: 1 },
    })
  })

  test('refuses what has no order, and rows without a window', async () => {
    const failing = (options: object, one: unknown = cell('a', 1)) =>
      ranking(options).verify({ input: [record(one as Cell, 9), endOfInput()], expect: [] })
    const of = (name: string, found: string) =>
      expect.objectContaining({
        code: 'PATTERN_VALUE_INVALID',
        operatorId: 'under-test',
        message: expect.stringMatching(new RegExp(`expected ${name} to give .* found ${found}`)),
      })
    await expect(failing({ by: () => Number.NaN })).rejects.toEqual(of('by', 'NaN'))
    await expect(failing({ thenBy: () => ({}) })).rejects.toEqual(of('thenBy', 'an object'))
    await expect(failing({ id: () => [1] })).rejects.toEqual(of('id', 'an array'))
    // The key function is a step of its own: it is called as a job calls it.
    const keyed = (per: unknown, one: unknown) => {
      let selected: unknown
      const rows = {
        keyBy(select: (row: unknown) => unknown) {
          selected = select(one)
          return {}
        },
      }
      const build = () => topPerWindow<Cell>('top', { n: 1, by: () => 1, per: per as () => string })(rows as never)
      return { refused: refusal(build), selected }
    }
    expect(keyed(() => null, cell('a', 1)).refused).toContain('expected per to give a string')
    expect(keyed(undefined, {}).refused).toContain('expected window to give a time window of a row, { start, end }')
    expect(keyed(undefined, cell('a', 1)).selected).toEqual([0, 10])
    expect(keyed(() => 'x', cell('a', 1)).selected).toEqual([0, 10, 'x'])
  })

  test('says which option cannot work', () => {
    const of = (options: unknown) => refusal(() => topPerWindow('top', options as Options))
    const by = () => 1
    expect(of({ by })).toBe(
      "GRAPH_STEP_INVALID topPerWindow 'top': expected n to be a positive whole number, found undefined",
    )
    expect(of({ n: 1.5, by })).toContain('found 1.5')
    expect(of({ n: 1 })).toContain('expected by to be a function of a record, found undefined')
    expect(of({ n: 1, by, thenBy: 'key' })).toContain("expected thenBy to be a function of a record, found 'key'")
    expect(of({ n: 1, by, per: 1 })).toContain('expected per to be')
    expect(of({ n: 1, by, id: [] })).toContain('expected id to be a function of a record, found an array')
    expect(of({ n: 1, by, order: 'desc' })).toMatch(/^OPTION_INVALID .*no option 'order'/)
    expect(refusal(() => topPerWindow<Cell>('top', { n: 1, by })(undefined as never))).toContain('the rows of windows')
  })
})

const randomCells: fc.Arbitrary<HarnessInput<Cell>[]> = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
          count: fc.nat(4),
          ahead: fc.integer({ min: -1, max: 2 }),
        }),
      },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 15 }) },
    ),
    { maxLength: 30 },
  )
  .map((moves) => {
    let now = 0
    const input: HarnessInput<Cell>[] = []
    for (const move of moves) {
      if (typeof move === 'number') {
        now += move
        input.push(watermark(now))
        continue
      }
      input.push(came(cell(move.key, move.count, (Math.floor(now / 10) + move.ahead) * 10)))
    }
    return [...input, endOfInput()]
  })

/** All rows of each window, sorted as a whole. */
function plainly(input: readonly HarnessInput<Cell>[], n: number, hasIds: boolean) {
  const late: Emitted<Cell>[] = []
  const windows = new Map<number, Cell[]>()
  for (const one of recordsOf(input)) {
    const { window, key } = one.value
    if (one.timestamp <= one.watermark) late.push(row(one))
    else {
      const others = windows.get(window.start) ?? []
      windows.set(window.start, [...others.filter((other) => !hasIds || other.key !== key), one.value])
    }
  }
  const rows = [...windows]
    .sort(([one], [other]) => one - other)
    .flatMap(([, cells]) =>
      cells
        .sort((one, other) => other.count - one.count || (one.key < other.key ? -1 : one.key > other.key ? 1 : 0))
        .slice(0, n)
        .map((one, index) => ranked(one, index + 1)),
    )
  return { rows, late }
}

test('topPerWindow over random rows is what sorting all rows of each window gives', async () => {
  const property = fc.asyncProperty(
    randomCells,
    fc.integer({ min: 1, max: 6 }),
    fc.boolean(),
    async (input, n, hasIds) => {
      const { rows, late } = plainly(input, n, hasIds)
      await ranking({ n, ...(hasIds && { id: ({ key }: Cell) => key }) }).verify({
        input,
        expect: rows,
        order: 'exact',
        sideOutputs: { late },
        counters: { lateRecords: late.length },
      })
    },
  )
  await fc.assert(property, runs(200))
})
