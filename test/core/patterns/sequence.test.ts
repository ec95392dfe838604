import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_TIMESTAMP } from '../../../core/element.js'
import { millis } from '../../../core/index.js'
import {
  type Pattern,
  type PatternStart,
  type SequenceMatch,
  type SequenceOptions,
  sequence,
} from '../../../core/patterns/index.js'
import { emitted, endOfInput, type HarnessInput, watermark } from '../../harness/index.js'
import { runs } from '../../setup/runs.js'
import {
  byKey,
  byTime,
  type Item,
  inOrder,
  item,
  patternHarness,
  randomItems,
  refusal,
  type Timed,
} from './under-test.js'

type Match = SequenceMatch<string, unknown>

const finding = (
  pattern: (start: PatternStart<Item>) => Pattern<Item, unknown>,
  options: Partial<SequenceOptions<Item, unknown>> = {},
) =>
  patternHarness<Match>(
    (keyed) => keyed.pipe(sequence('under-test', { pattern, within: millis(10), ...options })),
    ['unfinished', 'late'],
  )

/** Records are numbers: those of ten are A, those of twenty B, those of thirty C. */
const is = (tens: number) => (one: Item) => Math.floor(one.number / 10) === tens
const [isA, isB, isC] = [is(1), is(2), is(3)]

const a = (number: number, at: number) => item('k', 10 + number, at)
const b = (number: number, at: number) => item('k', 20 + number, at)
const c = (number: number, at: number) => item('k', 30 + number, at)
const one = (number: number) => ({ key: 'k', number })
const match = (captures: object, startedAt: number, endedAt: number, timestamp = endedAt) =>
  emitted<Match>({ key: 'k', captures, startedAt, endedAt }, timestamp)
const unfinished = (
  captures: object,
  {
    startedAt,
    awaited,
    reason = 'timeout',
    timestamp = startedAt + 10,
  }: { startedAt: number; awaited: string | undefined; reason?: string; timestamp?: number },
) => emitted({ key: 'k', captures, startedAt, awaited, reason }, timestamp)

const aThenB = (p: PatternStart<Item>) => p.begin('a', isA).followedBy('b', isB)
const aThenBWithoutC = (p: PatternStart<Item>) => p.begin('a', isA).notFollowedBy(isC).followedBy('b', isB)
const aWithoutB = (p: PatternStart<Item>) => p.begin('a', isA).notFollowedBy(isB)

describe('sequence', () => {
  test('finds records that follow each other in event time, whatever the order of their arrival', async () => {
    await finding(aThenB).verify({
      input: [b(1, 12), c(1, 11), a(1, 10), watermark(11), b(2, 13), endOfInput()],
      expect: [match({ a: one(11), b: one(21) }, 10, 12)],
    })
  })

  test('A then B without C: what is ruled out between them ends the match', async () => {
    await finding(aThenBWithoutC).verify({
      input: [a(1, 1), c(1, 2), b(1, 3), a(2, 4), b(2, 5), c(2, 6), endOfInput()],
      expect: [match({ a: one(12), b: one(22) }, 4, 5)],
    })
  })

  test('a record that comes within the time completes a match, and one exactly at its end is too late', async () => {
    await finding(aThenB).verify({
      input: [a(1, 0), b(1, 9), a(2, 20), b(2, 30), endOfInput()],
      expect: [match({ a: one(11), b: one(21) }, 0, 9)],
      sideOutputs: { unfinished: [unfinished({ a: one(12) }, { startedAt: 20, awaited: 'b' })] },
      counters: { timedOutMatches: 1 },
    })
  })

  test('something ruled out behind the last step: the match comes out when the time is over', async () => {
    await finding(aWithoutB).verify({
      input: [a(1, 0), b(1, 9), a(2, 20), b(2, 30), watermark(29), watermark(30), endOfInput()],
      expect: [match({ a: one(12) }, 20, 20, 30)],
    })
  })

  test('each beginning has its own match with the first record that fits', async () => {
    await finding(aThenB).verify({
      input: [a(1, 0), a(2, 1), b(1, 2), b(2, 3), endOfInput()],
      expect: [match({ a: one(11), b: one(21) }, 0, 2), match({ a: one(12), b: one(21) }, 1, 2)],
    })
  })

  test('skipping past the last record, a match drops what began before it ended', async () => {
    await finding(aThenB, { afterMatch: 'skipPastLastEvent' }).verify({
      input: [a(1, 0), a(2, 1), b(1, 2), b(2, 3), a(3, 3), b(3, 4), endOfInput()],
      expect: [match({ a: one(11), b: one(21) }, 0, 2), match({ a: one(13), b: one(23) }, 3, 4)],
    })
    await finding(aWithoutB, { afterMatch: 'skipPastLastEvent' }).verify({
      input: [a(1, 0), a(2, 0), a(3, 5), endOfInput()],
      expect: [match({ a: one(11) }, 0, 0, 10), match({ a: one(13) }, 5, 5, 15)],
    })
  })

  test('next takes the record that comes next, or none', async () => {
    await finding((p) => p.begin('a', isA).next('b', isB)).verify({
      input: [a(1, 0), c(1, 1), b(1, 2), a(2, 3), b(2, 4), endOfInput()],
      expect: [match({ a: one(12), b: one(22) }, 3, 4)],
    })
  })

  test('a test sees what has been captured', async () => {
    const higher = (p: PatternStart<Item>) =>
      p.begin('a', isA).followedBy('b', (next, captured) => isB(next) && next.number - 10 > captured.a.number)
    await finding(higher).verify({
      input: [a(5, 0), b(5, 1), b(6, 2), endOfInput()],
      expect: [match({ a: one(15), b: one(26) }, 0, 2)],
    })
  })

  test('a record that fits two steps fills one, and may begin another match', async () => {
    await finding((p) => p.begin('first', isA).followedBy('second', isA)).verify({
      input: [a(1, 0), a(2, 1), a(3, 2), endOfInput()],
      expect: [match({ first: one(11), second: one(12) }, 0, 1), match({ first: one(12), second: one(13) }, 1, 2)],
      sideOutputs: { unfinished: [unfinished({ first: one(13) }, { startedAt: 2, awaited: 'second' })] },
    })
  })

  test('records of one time are looked at in the order in which they came', async () => {
    await finding(aThenB).verify({
      input: [b(1, 5), a(1, 5), a(2, 5), b(2, 5), b(3, 5), endOfInput()],
      expect: [match({ a: one(11), b: one(22) }, 5, 5), match({ a: one(12), b: one(22) }, 5, 5)],
    })
  })

  test('gives up the oldest of too many partial matches, and says so', async () => {
    await finding(aThenB, { maxPartialMatches: 2 }).verify({
      input: [a(1, 0), a(2, 1), a(3, 2), b(1, 3), endOfInput()],
      expect: [match({ a: one(12), b: one(21) }, 1, 3), match({ a: one(13), b: one(21) }, 2, 3)],
      sideOutputs: {
        unfinished: [unfinished({ a: one(11) }, { startedAt: 0, awaited: 'b', reason: 'limit', timestamp: 2 })],
      },
      counters: { givenUpMatches: 1 },
    })
    await finding(aWithoutB, { maxPartialMatches: 1 }).verify({
      input: [a(1, 0), a(2, 1), endOfInput()],
      expect: [match({ a: one(12) }, 1, 1, 11)],
      sideOutputs: {
        unfinished: [unfinished({ a: one(11) }, { startedAt: 0, awaited: undefined, reason: 'limit', timestamp: 1 })],
      },
    })
  })

  test('a record at or before the watermark is late', async () => {
    await finding(aThenB).verify({
      input: [watermark(5), a(1, 5), a(2, 6), b(1, 7), endOfInput()],
      expect: [match({ a: one(12), b: one(21) }, 6, 7)],
      sideOutputs: { late: [emitted(one(11), 5)] },
      counters: { lateRecords: 1 },
    })
  })

  test('names its step when a test throws, and refuses a record without a timestamp', async () => {
    const throwing = finding((p) =>
      p.begin('a', isA).followedBy('b', () => {
        throw new Error('no')
      }),
    )
    await expect(throwing.verify({ input: [a(1, 1), b(1, 2), endOfInput()], expect: [] })).rejects.toMatchObject({
      code: 'USER_FUNCTION_FAILED',
      operatorId: 'under-test',
    })
    const untimed = finding(aThenB).verify({ input: [a(1, NO_TIMESTAMP)], expect: [] })
    await expect(untimed).rejects.toMatchObject({ code: 'TIMESTAMP_MISSING' })
  })

  test('says which option or pattern cannot work', () => {
    const of = (options: unknown) => refusal(() => sequence('seen', options as SequenceOptions<Item, unknown>))
    expect(of({ within: millis(1) })).toMatch(/^GRAPH_STEP_INVALID sequence 'seen': expected pattern to be a function/)
    expect(of({ pattern: aThenB })).toContain('expected within to be a positive number')
    expect(of({ pattern: aThenB, within: millis(1), afterMatch: 'skip' })).toContain('one of noSkip, skipPastLastEvent')
    expect(of({ pattern: aThenB, within: millis(1), maxPartialMatches: 0 })).toContain(
      'a positive whole number, found 0',
    )
    expect(of({ pattern: aThenB, within: millis(1), until: 1 })).toMatch(/^OPTION_INVALID .*no option 'until'/)
    const built = (pattern: (p: Unchecked) => unknown) => of({ pattern, within: millis(1) })
    expect(built(() => undefined)).toContain('expected pattern to return what it has built')
    expect(built((p) => p)).toContain('a pattern of two steps or more')
    expect(built((p) => p.begin('a', isA))).toContain('a pattern of two steps or more; for records alone use filter')
    expect(built((p) => p.followedBy('a', isA))).toContain('one begin, in front of everything else, found followedBy')
    expect(built((p) => p.notFollowedBy(isA))).toContain('found notFollowedBy')
    expect(built((p) => p.begin('a', isA).begin('b', isB))).toContain('found begin')
    expect(built((p) => p.begin('a', isA).followedBy('a', isB))).toContain("there are two steps 'a'")
    expect(built((p) => p.begin('', isA))).toContain('expected the name of a step')
    expect(built((p) => p.begin('a', 'A'))).toContain(
      "expected the test of 'a' to be a function of a record, found 'A'",
    )
    expect(built((p) => p.begin('a', isA).notFollowedBy(1))).toContain('the test of notFollowedBy')
    expect(built((p) => p.begin('a', isA).notFollowedBy(isC).next('b', isB))).toContain('Use followedBy')
  })
})

/** A pattern as a JavaScript caller may write it. */
type Unchecked = {
  readonly [step in 'begin' | 'next' | 'followedBy' | 'notFollowedBy']: (...given: readonly unknown[]) => Unchecked
}

interface Case {
  readonly pattern: (start: PatternStart<Item>) => Pattern<Item, unknown>
  /** By steps: the one to come and what is ruled out before it; a last one may be ruled out alone. */
  readonly steps: readonly {
    readonly name?: string
    readonly fits?: (one: Item) => boolean
    readonly without?: (one: Item) => boolean
  }[]
}

const CASES: readonly Case[] = [
  {
    pattern: aThenB,
    steps: [
      { name: 'a', fits: isA },
      { name: 'b', fits: isB },
    ],
  },
  {
    pattern: aThenBWithoutC,
    steps: [
      { name: 'a', fits: isA },
      { name: 'b', fits: isB, without: isC },
    ],
  },
  { pattern: aWithoutB, steps: [{ name: 'a', fits: isA }, { without: isB }] },
  {
    pattern: (p) => p.begin('a', isA).followedBy('b', isB).followedBy('c', isC).notFollowedBy(isA),
    steps: [{ name: 'a', fits: isA }, { name: 'b', fits: isB }, { name: 'c', fits: isC }, { without: isA }],
  },
  {
    pattern: (p) => p.begin('x', isA).followedBy('y', isA),
    steps: [
      { name: 'x', fits: isA },
      { name: 'y', fits: isA },
    ],
  },
]

interface Found {
  readonly captures: Record<string, Item>
  readonly startedAt: number
  readonly endedAt: number
  /** Of the row. */
  readonly timestamp: number
  /** Where its last record stands, and where it is known. */
  readonly lastIndex: number
  readonly awaited?: string
}

/** From one record on: what follows it, looked at by itself. Undefined: it begins nothing, or what is ruled out came. */
function from(records: readonly Timed<Item>[], start: number, { steps }: Case, withinMs: number): Found | undefined {
  const begun = records[start]
  if (begun === undefined || !steps[0]?.fits?.(begun.value)) return undefined
  const captures: Record<string, Item> = { [steps[0].name ?? '']: begun.value }
  const over = begun.timestamp + withinMs
  let lastIndex = start
  for (const step of steps.slice(1)) {
    let at = lastIndex + 1
    while ((records[at]?.timestamp ?? Number.POSITIVE_INFINITY) < over) {
      const { value } = records[at] as Timed<Item>
      if (step.without?.(value)) return undefined
      if (step.fits?.(value)) break
      at++
    }
    const found = records[at]
    const endedAt = records[lastIndex]?.timestamp ?? Number.NaN
    if (step.fits === undefined) return { captures, startedAt: begun.timestamp, endedAt, timestamp: over, lastIndex }
    if (found === undefined || found.timestamp >= over) {
      return { captures, startedAt: begun.timestamp, endedAt, timestamp: over, lastIndex, awaited: step.name ?? '' }
    }
    captures[step.name ?? ''] = found.value
    lastIndex = at
  }
  const endedAt = records[lastIndex]?.timestamp ?? Number.NaN
  return { captures, startedAt: begun.timestamp, endedAt, timestamp: endedAt, lastIndex }
}

function plainly(input: readonly HarnessInput<Item>[], one: Case, withinMs: number) {
  const { late, onTime } = inOrder(input)
  const rows = byKey(onTime).flatMap(([key, records]) =>
    records.flatMap((_, start) => {
      const found = from(records, start, one, withinMs)
      if (found === undefined) return []
      const { captures, startedAt, endedAt, awaited, timestamp } = found
      return [
        awaited === undefined
          ? { match: emitted({ key, captures, startedAt, endedAt }, timestamp) }
          : { unfinished: emitted({ key, captures, startedAt, awaited, reason: 'timeout' }, timestamp) },
      ]
    }),
  )
  return {
    late,
    matches: byTime(rows.flatMap(({ match: found }) => (found ? [found] : []))),
    unfinished: rows.flatMap((row) => (row.unfinished ? [row.unfinished] : [])),
  }
}

const randomCases = fc.tuple(
  randomItems({ span: 15, numbers: 40 }),
  fc.integer({ min: 1, max: 20 }),
  fc.constantFrom(...CASES),
)

test('sequences in random streams are what each record, looked at by itself, is the beginning of', {}, async () => {
  const property = fc.asyncProperty(randomCases, async ([input, withinMs, one]) => {
    const expected = plainly(input, one, withinMs)
    await finding(one.pattern, { within: millis(withinMs) }).verify({
      input,
      expect: expected.matches,
      sideOutputs: { late: expected.late, unfinished: expected.unfinished },
      counters: { lateRecords: expected.late.length, timedOutMatches: expected.unfinished.length },
    })
  })
  await fc.assert(property, runs(200))
})

/** The match that ends first, then the first of those that begin behind it, and so on. */
function skipping(records: readonly Timed<Item>[], one: Case, withinMs: number): Found[] {
  const taken: Found[] = []
  let behind = -1
  for (;;) {
    let next: Found | undefined
    for (let start = behind + 1; start < records.length; start++) {
      const found = from(records, start, one, withinMs)
      if (found === undefined || found.awaited !== undefined) continue
      if (next === undefined || found.lastIndex < next.lastIndex) next = found
    }
    if (next === undefined) return taken
    taken.push(next)
    behind = next.lastIndex
  }
}

test('skipping past the last record, no record of a random stream is in two matches', async () => {
  const completedByRecords = CASES.filter(({ steps }) => steps.every(({ fits }) => fits !== undefined))
  const cases = fc.tuple(
    randomItems({ span: 15, numbers: 40 }),
    fc.integer({ min: 1, max: 20 }),
    fc.constantFrom(...completedByRecords),
  )
  const property = fc.asyncProperty(cases, async ([input, withinMs, one]) => {
    const { onTime, late } = inOrder(input)
    const rows = byKey(onTime).flatMap(([key, records]) =>
      skipping(records, one, withinMs).map(({ captures, startedAt, endedAt, timestamp }) =>
        emitted({ key, captures, startedAt, endedAt }, timestamp),
      ),
    )
    const harness = patternHarness<Match>(
      (keyed) =>
        keyed.pipe(
          sequence('under-test', {
            pattern: one.pattern,
            within: millis(withinMs),
            afterMatch: 'skipPastLastEvent',
          }),
        ),
      ['unread', 'late'],
    )
    await harness.verify({ input, expect: byTime(rows), sideOutputs: { late } })
  })
  await fc.assert(property, runs(200))
})
