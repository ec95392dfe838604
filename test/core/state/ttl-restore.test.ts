import {
  defineJob,
  type KeyedProcessContext,
  listState,
  mapState,
  millis,
  reducingState,
  type StateDeclarations,
  seconds,
  sum,
  type Ttl,
  valueState,
} from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { describe, expect, it } from 'vitest'
import { aggregatingState } from '../../../core/state/declare.js'
import { testJob } from '../../testing.js'

interface Row {
  readonly key: string
  readonly n: number
}

type Context<S extends StateDeclarations> = KeyedProcessContext<string, S, Record<never, never>>

function jobOf<S extends StateDeclarations>(state: S, work: (row: Row, ctx: Context<S>) => unknown) {
  return defineJob('lasting', (job) => {
    job
      .from('rows', collection<Row>([]))
      .keyBy((row) => row.key)
      .process('step', { state, process: (row, ctx) => [work(row, ctx)] })
      .to('out', collectInto<unknown>([]))
  })
}

const add = (left: number, right: number): number => left + right

/** Every kind of state; a row says what its key has, and then adds to it. */
function everyKind(ttl?: Ttl) {
  const options = ttl === undefined ? {} : { ttl }
  const state = {
    last: valueState<number>(options),
    values: listState<number>(options),
    byValue: mapState<number, number>(options),
    sum: reducingState(add, options),
    total: aggregatingState(
      sum((n: number) => n),
      options,
    ),
  }
  return jobOf(state, ({ n }, { state: { last, values, byValue, sum, total } }) => {
    const before = [last.value(), [...values.values()], [...byValue.entries()], sum.value(), total.value()]
    if (n > 0) {
      last.update(n)
      values.add(n)
      byValue.put(n, n)
      sum.add(n)
      total.add(n)
    }
    return before
  })
}

const NOTHING = [undefined, [], [], undefined, undefined]
const FULL = [
  2,
  [1, 2],
  [
    [1, 1],
    [2, 2],
  ],
  3,
  3,
]
const FIRST: readonly Row[] = [
  { key: 'a', n: 1 },
  { key: 'a', n: 2 },
]
const LOOK: Row = { key: 'a', n: 0 }
const TTL: Ttl = { after: seconds(10) }

describe('state of a savepoint', () => {
  it('that gets a time to live is as old as the restore', async () => {
    const first = await testJob(everyKind(), { sources: { rows: FIRST }, parallelism: 2 })
    const from = await first.savepoint()
    const startAt = from.at + 3_600_000
    const second = await testJob(everyKind(TTL), { sources: { rows: FIRST }, parallelism: 3, from, startAt })
    await second.advance(millis(9_999))
    await second.send('rows', [LOOK])
    await second.advance(millis(1))
    await second.send('rows', [LOOK])
    await second.finish()
    expect(second.results('out')).toEqual([FULL, NOTHING])
  })

  it('that loses its time to live stays, as far as it had not expired', async () => {
    const first = await testJob(everyKind(TTL), { sources: { rows: [] }, parallelism: 2 })
    await first.send('rows', [{ key: 'b', n: 1 }, ...FIRST])
    await first.advance(seconds(5))
    await first.send('rows', [{ key: 'a', n: 3 }])
    await first.advance(millis(4_999))
    const from = await first.savepoint()
    const rows = [{ key: 'b', n: 1 }, ...FIRST, { key: 'a', n: 3 }]
    const startAt = from.at + 3_600_000
    const second = await testJob(everyKind(), { sources: { rows }, parallelism: 3, from, startAt })
    await second.send('rows', [LOOK])
    await second.send('rows', [{ key: 'b', n: 0 }])
    await second.finish()
    const [a, b] = second.results<typeof FULL>('out')
    expect([a?.[0], a?.[1], a?.[3]]).toEqual([3, [1, 2, 3], 6])
    expect(b?.[0]).toBe(1)
  })

  it('keeps the times of a longer or shorter time to live: the time in between counts', async () => {
    for (const [after, found] of [
      [9_001, FULL],
      [9_000, NOTHING],
    ] as const) {
      const first = await testJob(everyKind(TTL), { sources: { rows: FIRST } })
      const from = await first.savepoint()
      const startAt = from.at + 9_000
      const job = everyKind({ after: millis(after), update: 'onReadAndWrite' })
      const second = await testJob(job, { sources: { rows: FIRST }, from, startAt })
      await second.send('rows', [LOOK])
      await second.finish()
      expect(second.results('out')).toEqual([found])
    }
  })

  it('is migrated to another version and gets, keeps or loses its times all the same', async () => {
    const of = (version: 1 | 2, ttl?: Ttl) => {
      const options = ttl === undefined ? {} : { ttl }
      return version === 1
        ? jobOf({ v: valueState<number>(options), l: listState<number>(options) }, ({ n }, { state }) => {
            state.v.update(n)
            state.l.add(n)
          })
        : jobOf(
            {
              v: valueState<string>({ version: 2, migrate: { 1: (old: number) => `#${old}` }, ...options }),
              l: listState<string>({ version: 2, migrate: { 1: (old: number) => `#${old}` }, ...options }),
            },
            (_, { state }) => [state.v.value(), [...state.l.values()]],
          )
    }
    for (const [before, after] of [
      [undefined, TTL],
      [TTL, TTL],
      [TTL, undefined],
    ] as const) {
      const first = await testJob(of(1, before), { sources: { rows: FIRST } })
      const from = await first.savepoint()
      const second = await testJob(of(2, after), { sources: { rows: [...FIRST, LOOK] }, from })
      await second.finish()
      expect(second.results('out')).toEqual([['#2', ['#1', '#2']]])
    }
  })

  it('is refused when it is of another kind, with times or without', async () => {
    const value = jobOf({ held: valueState<number>({ ttl: TTL }) }, ({ n }, { state }) => state.held.update(n))
    const list = jobOf({ held: listState<number>() }, (_, { state }) => state.held.values().length)
    const first = await testJob(value, { sources: { rows: FIRST } })
    const from = await first.savepoint()
    await expect(testJob(list, { sources: { rows: FIRST }, from })).rejects.toMatchObject({
      code: 'STATE_LAYOUT_UNKNOWN',
      message: expect.stringMatching(/expected list-by-key, found timed-value-by-key/),
    })
  })
})
