import { describe, expect, it } from 'vitest'
import { MIN_WATERMARK } from '../../../core/element.js'
import { decideSplits, forgettable, type SplitFacts } from '../../../runtime/coordinator/split-order.js'

type Given = Partial<SplitFacts> & { readonly parents?: readonly string[] }

const facts = (given: Readonly<Record<string, Given>>): Map<string, SplitFacts> =>
  new Map(
    Object.entries(given).map(([id, { parents = [], ...more }]) => [
      id,
      {
        split: { id, parents },
        status: 'waiting',
        subtask: undefined,
        watermark: MIN_WATERMARK,
        isIdle: false,
        isCheckpointed: false,
        isFollowed: true,
        ...more,
      },
    ]),
  )

const ended = (subtask: number, watermark: number, more: Given = {}): Given => ({
  status: 'ended',
  subtask,
  watermark,
  ...more,
})

const decide = (given: Readonly<Record<string, Given>>, subtask = 0) => decideSplits(facts(given), () => subtask)

describe('which splits are read', () => {
  it('those without parents, and those whose parents nobody knows', () => {
    expect(decide({ a: {}, b: { parents: ['gone'] } }).start.map(({ split }) => split.id)).toEqual(['a', 'b'])
  })

  it('not one whose parent is being read or waits itself', () => {
    const { start, isOver } = decide({
      a: { status: 'reading' },
      b: { parents: ['a'] },
      c: { parents: ['b'] },
      d: ended(0, 5),
      e: { parents: ['d', 'a'] },
    })
    expect(start).toEqual([])
    expect(isOver).toBe(false)
  })

  it('at once where all parents were read, elsewhere behind a checkpoint that has their end', () => {
    const given = { a: ended(0, 5), b: ended(1, 7, { isCheckpointed: true }), c: { parents: ['a', 'b'] } }
    expect(decide(given, 0).start).toEqual([
      { split: { id: 'c', parents: ['a', 'b'] }, subtask: 0, watermark: 5, isIdle: false },
    ])
    expect(decide(given, 0).needsCheckpoint).toBe(false)
    expect(decide(given, 1)).toMatchObject({ start: [], needsCheckpoint: true, isOver: false })
    expect(decide({ ...given, a: ended(0, 5, { isCheckpointed: true }) }, 1).start).toHaveLength(1)
  })

  it('not what follows a split that was stopped before its end, over any number of generations', () => {
    const decision = decide({
      a: { status: 'stopped', watermark: 5 },
      b: { parents: ['a'] },
      c: ended(0, 7),
      d: { parents: ['b', 'c'] },
    })
    expect(decision).toMatchObject({ start: [], needsCheckpoint: false, isOver: true })
    expect([...decision.holds]).toEqual([])
  })

  it('nothing more when all have ended and what follows them is known', () => {
    expect(decide({ a: ended(0, 5) }).isOver).toBe(true)
    expect(decide({ a: ended(0, 5, { isFollowed: false }) }).isOver).toBe(false)
    expect(decide({ a: {} }).isOver).toBe(false)
    expect(decide({}).isOver).toBe(true)
  })
})

describe('event time across an end', () => {
  it('begins at the minimum of the parents that were not idle', () => {
    const of = (a: Given, b: Given) => decide({ a, b, c: { parents: ['a', 'b'] } }).start[0]
    expect(of(ended(0, 5), ended(0, 9))).toMatchObject({ watermark: 5, isIdle: false })
    expect(of(ended(0, 5, { isIdle: true }), ended(0, 9))).toMatchObject({ watermark: 9, isIdle: false })
    expect(of(ended(0, 5, { isIdle: true }), ended(0, 9, { isIdle: true }))).toMatchObject({
      watermark: 5,
      isIdle: true,
    })
  })

  it('is held until what follows is known, and then until all of it is read', () => {
    expect([...decide({ a: ended(0, 5, { isFollowed: false }) }).holds]).toEqual([['a', 5]])
    const waits = { a: ended(0, 5), b: { status: 'reading' as const }, c: { parents: ['a', 'b'] } }
    expect([...decide(waits).holds]).toEqual([['a', 5]])
    expect([...decide({ a: ended(0, 5), c: { parents: ['a'] } }).holds]).toEqual([])
    const elsewhere = { a: ended(0, 5), c: { parents: ['a'] }, d: { parents: ['a'] } }
    expect([...decideSplits(facts(elsewhere), ({ id }) => (id === 'c' ? 0 : 1)).holds]).toEqual([['a', 5]])
  })

  it('is not held by who was idle', () => {
    expect([...decide({ a: ended(0, 5, { isFollowed: false, isIdle: true }) }).holds]).toEqual([])
  })
})

describe('what may be forgotten', () => {
  const done = ended(0, 5, { isCheckpointed: true })

  it('is gone, has been read to its end in a checkpoint, and nobody names it who is not', () => {
    expect([...forgettable(facts({ a: done, b: done }), ['a'])]).toEqual(['a'])
    expect([...forgettable(facts({ a: done, b: { ...done, parents: ['a'] } }), ['a'])]).toEqual(['a'])
    expect([...forgettable(facts({}), ['older'])]).toEqual(['older'])
  })

  it.each<[string, Readonly<Record<string, Given>>]>([
    ['its end is in no checkpoint', { a: ended(0, 5) }],
    ['what follows it may not be known', { a: { ...done, isFollowed: false } }],
    ['a split that waits names it', { a: done, b: { parents: ['a'] } }],
    ['a split that is read names it', { a: done, b: { parents: ['a'], status: 'reading' } }],
    ['it was stopped before its end', { a: { ...done, status: 'stopped' } }],
    ['it was not read', { a: {} }],
  ])('but not while %s', (_, given) => {
    expect([...forgettable(facts(given), ['a'])]).toEqual([])
  })
})
