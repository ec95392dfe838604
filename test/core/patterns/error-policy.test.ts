import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeadLetter } from '../../../core/connector.js'
import { NO_TIMESTAMP } from '../../../core/element.js'
import { type KeyedStream, max, millis, type OnError, type Stream } from '../../../core/index.js'
import {
  absence,
  deduplicate,
  hotspots,
  type Pattern,
  type PatternStart,
  rateOfChange,
  type SequenceOptions,
  sequence,
  sessionFeatures,
  topPerWindow,
} from '../../../core/patterns/index.js'
import {
  ALL_AT_ONCE,
  ALL_MODES,
  type Emitted,
  endOfInput,
  type HarnessInput,
  operatorHarness,
} from '../../harness/index.js'
import { type CaseResult, type HarnessOptions, runCase } from '../../harness/run-case.js'
import { runs, timeout } from '../../setup/runs.js'
import { type Item, item, operatorOf, randomItems } from './under-test.js'

/** What the functions of these tests cannot take. */
const isBad = ({ number }: Item): boolean => number % 4 === 3

function numberOf(one: Item): number {
  if (isBad(one)) throw new RangeError('bad')
  return one.number
}

/** Bad in another way: it gives what cannot be used. */
const usableOf = (one: Item): number => (isBad(one) ? Number.NaN : one.number)

type Build = (keyed: KeyedStream<string, Item>, onError?: OnError) => Stream<unknown>

interface Under {
  readonly build: Build
  readonly sides: readonly string[]
}

const policy = (onError: OnError | undefined) => (onError === undefined ? {} : { onError })
const sequenceOf =
  (
    pattern: (p: PatternStart<Item>) => Pattern<Item, unknown>,
    more: Partial<SequenceOptions<Item, unknown>> = {},
  ): Build =>
  (keyed, onError) =>
    keyed.pipe(sequence('under-test', { pattern, within: millis(12), ...more, ...policy(onError) }))

/** A test that fails for a record by itself, and one that fails for it only beside one that was captured. */
const pairs = (p: PatternStart<Item>) =>
  p
    .begin('a', (one) => numberOf(one) % 2 === 0)
    .notFollowedBy((one, { a }) => {
      if ((one.number + a.number) % 7 === 0) throw new Error('they do not go together')
      return one.number % 5 === 0
    })
    .followedBy('b', (one, { a }) => one.number > a.number)

const PATTERNS: Readonly<Record<string, Under>> = {
  rateOfChange: {
    build: (keyed, onError) => keyed.pipe(rateOfChange('under-test', { of: numberOf, ...policy(onError) })),
    sides: ['late'],
  },
  'rateOfChange, of what is no number': {
    build: (keyed, onError) => keyed.pipe(rateOfChange('under-test', { of: usableOf, ...policy(onError) })),
    sides: ['late'],
  },
  sessionFeatures: {
    build: (keyed, onError) =>
      keyed.pipe(
        sessionFeatures('under-test', { gap: millis(6), features: { largest: max(numberOf) }, ...policy(onError) }),
      ),
    sides: ['late'],
  },
  sequence: { build: sequenceOf(pairs), sides: ['unfinished', 'late'] },
  'sequence, skipping and with a limit': {
    build: sequenceOf(pairs, { afterMatch: 'skipPastLastEvent', maxPartialMatches: 2 }),
    sides: ['unfinished', 'late'],
  },
  'sequence, next': {
    build: sequenceOf((p) =>
      p
        .begin('a', () => true)
        .next('b', (one) => numberOf(one) > 0)
        .notFollowedBy((one, { b }) => one.number === b.number + 5),
    ),
    sides: ['unfinished', 'late'],
  },
  hotspots: {
    build: (keyed, onError) =>
      keyed.pipe(
        hotspots('under-test', {
          dimensions: { x: numberOf },
          windowSize: 5,
          scanRadius: 2,
          minimumPoints: 2,
          ...policy(onError),
        }),
      ),
    sides: ['late'],
  },
  'hotspots of intervals': {
    build: (keyed, onError) =>
      keyed.pipe(
        hotspots('under-test', {
          dimensions: { x: usableOf },
          windowSize: 5,
          scanRadius: 2,
          minimumPoints: 2,
          every: millis(8),
          ...policy(onError),
        }),
      ),
    sides: ['late'],
  },
  topPerWindow: {
    build: (keyed, onError) =>
      windowed(keyed).pipe(topPerWindow<Ranked>('under-test', { n: 2, by: numberOf, ...policy(onError) })),
    sides: ['late'],
  },
  'topPerWindow with ids': {
    build: (keyed, onError) =>
      windowed(keyed).pipe(
        topPerWindow<Ranked>('under-test', {
          n: 2,
          by: ({ number }) => -number,
          thenBy: numberOf,
          id: numberOf,
          ...policy(onError),
        }),
      ),
    sides: ['late'],
  },
}

/** The rows have their window already: of ten numbers each. */
const windowed = (keyed: KeyedStream<string, Item>) => keyed as unknown as Stream<Ranked>

interface Ranked extends Item {
  readonly window: Window
}

interface Window {
  readonly start: number
  readonly end: number
}
const isRanked = (name: string): boolean => name.startsWith('topPerWindow')
const windowOf = (timestamp: number): Window => {
  const start = Math.floor(timestamp / 10) * 10
  return { start, end: start + 10 }
}

function optionsOf(name: string, onError: OnError | undefined): HarnessOptions<Item> {
  const { build, sides } = PATTERNS[name] as Under
  const sideOutputs = onError === 'deadLetter' ? [...sides, 'failed'] : sides
  if (isRanked(name)) {
    return {
      create: operatorOf<Item>((rows) => build(rows as unknown as KeyedStream<string, Item>, onError)),
      keyOf: (one) => {
        const { start, end } = (one as Ranked).window
        return [start, end]
      },
      sideOutputs,
    }
  }
  return {
    create: operatorOf<Item>((items) =>
      build(
        items.keyBy(({ key }) => key),
        onError,
      ),
    ),
    keyOf: ({ key }) => key,
    sideOutputs,
    startAt: 500,
  }
}

const inputOf = (name: string, input: readonly HarnessInput<Item>[]): readonly HarnessInput<Item>[] =>
  isRanked(name)
    ? input.map((one) =>
        one.kind === 'record' ? { ...one, value: { ...one.value, window: windowOf(one.timestamp) } } : one,
      )
    : input

const lettersOf = ({ sideOutputs }: CaseResult) => (sideOutputs['failed'] ?? []) as readonly Emitted<DeadLetter>[]
const rawOf = ({ value }: Emitted<DeadLetter>): Item => JSON.parse(new TextDecoder().decode(value.raw))

/** Of which some fail, whatever chance brings. */
const FAILING = [...Array.from({ length: 12 }, (_, number) => item('a', number, 2 * number)), endOfInput()]

describe.each(Object.keys(PATTERNS))('%s', (name) => {
  test(
    'gives what it gives when the records that fail have never come, and each has one letter',
    async () => {
      let failures = 0
      const property = fc.asyncProperty(randomItems({ span: 15 }), async (items) => {
        const input = inputOf(name, items)
        const guarded = optionsOf(name, 'deadLetter')
        const letters = lettersOf(await runCase(guarded, ALL_AT_ONCE, input))
        const numbers = letters.map((letter) => rawOf(letter).number)
        expect(new Set(numbers).size).toBe(numbers.length)
        failures += numbers.length
        const good = input.filter((one) => one.kind !== 'record' || !numbers.includes(one.value.number))
        // Without a policy: it would fail if any of these could not be taken.
        const expected = await runCase(optionsOf(name, undefined), ALL_AT_ONCE, good)
        const counters: Record<string, number> = { deadLetters: numbers.length }
        for (const counter of ['lateRecords', 'replacedRecords', 'timedOutMatches', 'givenUpMatches']) {
          counters[counter] = expected.metrics.valueOf(counter)
        }
        await operatorHarness<Item, unknown>({ ...guarded, sideOutputs: PATTERNS[name]?.sides ?? [] }).verify({
          input,
          expect: expected.sections.flat(),
          sideOutputs: expected.sideOutputs,
          counters,
        })
        const shown = (found: readonly Emitted<DeadLetter>[]) =>
          found.map((letter) => `${letter.timestamp} ${rawOf(letter).number} ${letter.value.isPart}`).sort()
        for (const mode of ALL_MODES) {
          expect(shown(lettersOf(await runCase(guarded, mode, input))), mode.name).toEqual(shown(letters))
        }
      })
      await fc.assert(property, { ...runs(10), examples: [[FAILING]] })
      expect(failures).toBeGreaterThan(0)
    },
    timeout,
  )
})

const lettersFor = async (build: Build, input: readonly HarnessInput<Item>[], sides: readonly string[] = ['late']) => {
  const create = operatorOf<Item>((items) =>
    build(
      items.keyBy(({ key }) => key),
      'deadLetter',
    ),
  )
  const options = { create, keyOf: ({ key }: Item) => key, sideOutputs: [...sides, 'failed'], startAt: 500 }
  return runCase<Item>(options, ALL_AT_ONCE, input)
}

const TIMED: readonly (readonly [string, Build, readonly string[]])[] = [
  [
    'deduplicate',
    (keyed, onError) => keyed.pipe(deduplicate('under-test', { within: millis(5), ...policy(onError) })),
    ['duplicates', 'late'],
  ],
  [
    'absence',
    (keyed, onError) => keyed.pipe(absence('under-test', { within: millis(5), ...policy(onError) })),
    ['late'],
  ],
  ...['rateOfChange', 'sessionFeatures', 'sequence', 'hotspots', 'hotspots of intervals'].map((name) => {
    const { build, sides } = PATTERNS[name] as Under
    return [name, build, sides] as const
  }),
]

test.each(TIMED)('%s gives up a record without a timestamp, and goes on', async (_name, build, sides) => {
  const input = [item('k', 1, NO_TIMESTAMP), item('k', 2, 20), item('k', 4, 23), item('k', 6, Number.NaN), endOfInput()]
  const given = await lettersFor(build, input, sides)
  const letters = lettersOf(given)
  expect(letters.map((letter) => rawOf(letter).number)).toEqual([1, 6])
  expect(letters.map(({ value }) => value.code)).toEqual(['TIMESTAMP_MISSING', 'TIMESTAMP_MISSING'])
  const good = input.filter((one) => one.kind !== 'record' || Number.isFinite(one.timestamp))
  expect(given.sections).toEqual((await lettersFor(build, good, sides)).sections)
})

describe('a sequence under a policy', () => {
  const pattern = (test: (one: Item, captured: { readonly a: Item }) => boolean) => (p: PatternStart<Item>) =>
    p.begin('a', ({ number }) => number === 1).followedBy('b', test)
  const sides = ['unfinished', 'late']
  const refuse = (one: Item, { a }: { readonly a: Item }): boolean => {
    if (one.number === a.number + 6) throw new RangeError('seven')
    return one.number === 8
  }

  test('gives up one of the records that wait for one time, and no other of its timer', async () => {
    const input = [item('k', 1, 4), item('k', 7, 5), item('k', 1, 5), item('k', 8, 5), item('j', 7, 5), endOfInput()]
    const given = await lettersFor(sequenceOf(pattern(refuse)), input, sides)
    const [letter, ...others] = lettersOf(given)
    expect(others).toEqual([])
    expect(letter).toMatchObject({
      timestamp: 5,
      value: { code: 'USER_FUNCTION_FAILED', isPart: false, rejectedAt: 500 },
    })
    expect(letter?.value.message).toBe('under-test: a test of the pattern threw at timestamp 5: seven')
    expect(rawOf(letter as Emitted<DeadLetter>)).toEqual({ key: 'k', number: 7 })
    expect(given.sections.flat()).toMatchObject([
      { value: { startedAt: 4, endedAt: 5 } },
      { value: { startedAt: 5, endedAt: 5 } },
    ])
  })

  test('takes back the matches and what was given up beside them when a later test fails', async () => {
    const isFirst = ({ number }: Item): boolean => number < 5
    const last = (one: Item, { a }: { readonly a: Item }): boolean => {
      if (one.number === 6 && a.number === 2) throw new Error('two and six')
      return one.number > 5
    }
    const build = sequenceOf((p) => p.begin('a', isFirst).followedBy('b', last), { maxPartialMatches: 2 })
    const input = [item('k', 1, 1), item('k', 2, 2), item('k', 6, 3), item('k', 9, 4), endOfInput()]
    const given = await lettersFor(build, input, sides)
    expect(given.sections.flat()).toMatchObject([
      { value: { startedAt: 1, endedAt: 4 } },
      { value: { startedAt: 2, endedAt: 4 } },
    ])
    expect(given.sideOutputs['unfinished']).toEqual([])
  })

  test('tries a record again from where it was', async () => {
    let calls = 0
    // The second call is for a partial match behind one that the record has completed.
    const flaky = pattern(({ number }) => {
      if (number === 2 && ++calls === 2) throw new Error('not yet')
      return number === 2
    })
    const create = operatorOf<Item>((items) => {
      const onError = { retry: { attempts: 3 } }
      return items.keyBy(({ key }) => key).pipe(sequence('under-test', { pattern: flaky, within: millis(9), onError }))
    })
    const options = { create, keyOf: ({ key }: Item) => key, sideOutputs: sides }
    const input = [item('k', 1, 1), item('k', 1, 2), item('k', 2, 3), endOfInput()]
    const given = await runCase<Item>(options, ALL_AT_ONCE, input)
    expect(given.sections.flat()).toMatchObject([{ value: { startedAt: 1 } }, { value: { startedAt: 2 } }])
    expect(given.sideOutputs['unfinished']).toEqual([])
    expect([calls, given.metrics.valueOf('retriedCalls')]).toEqual([4, 1])
  })

  test('fails the task when the last attempt has failed, and calls no more often for it', async () => {
    let calls = 0
    const never = pattern(() => {
      calls++
      throw new Error('never')
    })
    const create = operatorOf<Item>((items) => {
      const onError = { retry: { attempts: 3 } }
      return items.keyBy(({ key }) => key).pipe(sequence('under-test', { pattern: never, within: millis(9), onError }))
    })
    const options = { create, keyOf: ({ key }: Item) => key, sideOutputs: sides }
    const run = runCase<Item>(options, ALL_AT_ONCE, [item('k', 1, 1), item('k', 2, 2), endOfInput()])
    await expect(run).rejects.toThrow('never')
    expect(calls).toBe(3)
  })
})

test('a function that has to be waited for fails the task whatever the policy', async () => {
  const later = (async () => 1) as unknown as () => number
  const input = [item('k', 1, 1), item('k', 1, 2), endOfInput()]
  for (const build of [
    ((keyed, onError) => keyed.pipe(rateOfChange('under-test', { of: later, ...policy(onError) }))) satisfies Build,
    sequenceOf((p) => p.begin('a', later as unknown as () => boolean).followedBy('b', () => true)),
    sequenceOf((p) => p.begin('a', () => true).followedBy('b', later as unknown as () => boolean)),
  ]) {
    await expect(lettersFor(build, input, ['unfinished', 'late'])).rejects.toMatchObject({
      code: 'USER_FUNCTION_RETURNED_PROMISE',
    })
  }
})
