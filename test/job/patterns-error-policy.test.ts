import {
  boundedOutOfOrderness,
  type DeadLetter,
  defineJob,
  type KeyedStream,
  max,
  millis,
  type OnError,
  type Stream,
} from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { rateOfChange, sequence, sessionFeatures, topPerWindow } from 'tidemark/patterns'
import { describe, expect, test } from 'vitest'
import { testJob } from '../testing.js'

interface Reading {
  readonly meter: string
  readonly value: number
  readonly at: number
}

const byTime = boundedOutOfOrderness({ timestamp: (one: Reading) => one.at, maxDelay: millis(5) })
const rawOf = (letter: unknown): unknown => JSON.parse(new TextDecoder().decode((letter as DeadLetter).raw))

function checked({ value }: Reading): number {
  if (value < 0) throw new RangeError(`below 0: ${value}`)
  return value
}

const readings: readonly Reading[] = [
  { meter: 'a', value: 1, at: 10 },
  { meter: 'a', value: -1, at: 11 },
  { meter: 'a', value: 4, at: 12 },
  { meter: 'b', value: -2, at: 13 },
]

const jobOf = (build: (keyed: KeyedStream<string, Reading>) => Stream<unknown>) =>
  defineJob('readings', (builder) => {
    const found = build(builder.from('readings', collection<Reading>([]), byTime).keyBy(({ meter }) => meter))
    found.to('out', collectInto<unknown>([]))
    found.failed.to('dead', collectInto<DeadLetter>([]))
  })

const options = { onError: 'deadLetter' } as const
const PATTERNS = {
  rateOfChange: (keyed: KeyedStream<string, Reading>) => keyed.pipe(rateOfChange('found', { of: checked, ...options })),
  sessionFeatures: (keyed: KeyedStream<string, Reading>) =>
    keyed.pipe(sessionFeatures('found', { gap: millis(5), features: { most: max(checked) }, ...options })),
  sequence: (keyed: KeyedStream<string, Reading>) =>
    keyed.pipe(
      sequence('found', {
        pattern: (p) => p.begin('one', (one) => checked(one) > 0).followedBy('more', (one) => one.value > 3),
        within: millis(5),
        ...options,
      }),
    ),
}

describe.each(Object.entries(PATTERNS))('%s', (_name, build) => {
  test.each([1, 2])(
    'hands on at .failed what its functions cannot take, with where it was read, parallelism %i',
    async (parallelism) => {
      const run = await testJob(jobOf(build), { sources: { readings }, parallelism })
      await run.finish()
      const found = await testJob(jobOf(build), { sources: { readings: readings.filter(({ value }) => value > 0) } })
      await found.finish()
      expect(run.results('out')).toEqual(found.results('out'))
      expect(run.results('out')).toHaveLength(1)
      const letters = run.results('dead') as readonly DeadLetter[]
      expect(letters.map(rawOf).sort((a, b) => (a as Reading).at - (b as Reading).at)).toEqual([
        readings[1],
        readings[3],
      ])
      for (const letter of letters) {
        expect(letter).toMatchObject({ operatorId: 'found', isPart: false, code: 'USER_FUNCTION_FAILED' })
        expect(letter.split).not.toBe('')
      }
    },
  )
})

interface Row {
  readonly key: string
  readonly window: { readonly start: number; readonly end: number }
  readonly count: number
}

test('topPerWindow hands on rows that it cannot rank, and those without a ranking to be in, in one stream', async () => {
  const window = { start: 0, end: 10 }
  const rows: readonly Row[] = [
    { key: 'a', window, count: 1 },
    { key: 'b', window, count: Number.NaN },
    { key: '', window, count: 3 },
    { key: 'd', window: undefined as unknown as Row['window'], count: 4 },
    { key: 'ab', window, count: 5 },
  ]
  const per = ({ key }: Row): string => {
    if (key === '') throw new Error('no first letter')
    return key.charAt(0)
  }
  const job = defineJob('ranked', (builder) => {
    const top = builder
      .from('rows', collection<Row>([]), boundedOutOfOrderness({ timestamp: () => 5, maxDelay: millis(5) }))
      .pipe(topPerWindow('top', { n: 2, by: ({ count }) => count, per, ...options }))
    top.to('out', collectInto<unknown>([]))
    top.late.to('late', collectInto<unknown>([]))
    top.failed.to('dead', collectInto<DeadLetter>([]))
  })
  for (const parallelism of [1, 2]) {
    const run = await testJob(job, { sources: { rows }, parallelism })
    await run.finish()
    expect(run.results('out')).toMatchObject([
      { key: 'ab', rank: 1 },
      { key: 'a', rank: 2 },
    ])
    expect(run.results('late')).toEqual([])
    const letters = run.results('dead') as readonly DeadLetter[]
    expect(letters.map((letter) => (rawOf(letter) as Row).key).sort()).toEqual(['', 'b', 'd'])
    expect(letters.map(({ code }) => code).sort()).toEqual([
      'PATTERN_VALUE_INVALID',
      'PATTERN_VALUE_INVALID',
      'USER_FUNCTION_FAILED',
    ])
  }
})

describe('at the graph', () => {
  const refused = async (onError: OnError, read: (rows: Stream<unknown>) => Stream<unknown>) => {
    const job = defineJob('refused', (builder) => {
      const keyed = builder.from('readings', collection<Reading>([]), byTime).keyBy(({ meter }) => meter)
      const sessions = keyed.pipe(sessionFeatures('sessions', { gap: millis(5), onError }))
      read(sessions).to('one', collectInto<unknown>([]))
      read(sessions.pipe(topPerWindow('top', { n: 1, by: () => 1, onError }))).to('other', collectInto<unknown>([]))
    })
    await testJob(job, { sources: { readings } })
  }

  test('.failed of a pattern without dead letters is refused, with what to do', async () => {
    await expect(refused('skip', (rows) => rows.failed)).rejects.toThrow(/onError: 'deadLetter'/)
    await expect(refused('deadLetter', (rows) => rows.failed)).resolves.toBeUndefined()
  })

  test('an unknown policy of a pattern is refused', async () => {
    await expect(refused('ignore' as 'skip', (rows) => rows)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
