import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Aggregate,
  aggregate,
  aggregatingState,
  boundedOutOfOrderness,
  count,
  defineJob,
  hours,
  type KeyedProcessContext,
  listState,
  mapState,
  mean,
  millis,
  reducingState,
  type StateDeclarations,
  sum,
  tumbling,
  valueState,
} from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { noRestart, type RunOptions, run } from 'tidemark/run'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { JobLog } from '../../../runtime/coordinator/job-log.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { readManifest } from '../../../runtime/storage/checkpoint-objects.js'
import { directoryStore } from '../../../runtime/storage/directory.js'
import { copyAsSavepoint } from '../../../runtime/storage/savepoint-objects.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import { testJob } from '../../testing.js'

interface Row {
  readonly key: string
  readonly n: number
}

type Work<S extends StateDeclarations> = (
  row: Row,
  ctx: KeyedProcessContext<string, S, Record<never, never>>,
) => unknown

/** A job of one keyed step, `step`, whose rows are what `work` gives. */
function jobOf<S extends StateDeclarations>(state: S, work: Work<S>) {
  return defineJob('evolving', (job) => {
    job
      .from('rows', collection<Row>([]))
      .keyBy((row) => row.key)
      .process('step', { state, process: (row, ctx) => [work(row, ctx)] })
      .to('out', collectInto<unknown>([]))
  })
}

const FIRST: readonly Row[] = [
  { key: 'a', n: 1 },
  { key: 'b', n: 2 },
]
const SECOND: Row = { key: 'a', n: 10 }

/** Runs `before` up to a snapshot, then `after` from it, at another parallelism; gives what `after` emits. */
async function evolve<S extends StateDeclarations, T extends StateDeclarations>(
  before: ReturnType<typeof jobOf<S>>,
  after: ReturnType<typeof jobOf<T>>,
  rows: readonly Row[] = [SECOND],
): Promise<readonly unknown[]> {
  const first = await testJob(before, { sources: { rows: FIRST }, parallelism: 2 })
  const from = await first.savepoint()
  const second = await testJob(after, { sources: { rows: [...FIRST, ...rows] }, parallelism: 3, from })
  await second.finish()
  return second.results('out')
}

const total = (kind: string): Aggregate<number, number, number> =>
  aggregate({ kind, create: () => 0, add: (a, n: number) => a + n, merge: (a, b) => a + b, result: (a) => a })

describe('state of an older version', () => {
  it('is migrated step by step when it is restored', async () => {
    const before = jobOf({ trip: valueState<{ fare: number }>() }, ({ n }, ctx) => ctx.state.trip.update({ fare: n }))
    const after = jobOf(
      {
        trip: valueState<{ cents: bigint; tip: number }>({
          version: 3,
          migrate: {
            1: (old: { fare: number }) => ({ ...old, tip: 0 }),
            2: ({ fare, tip }: { fare: number; tip: number }) => ({ cents: BigInt(fare * 100), tip }),
          },
        }),
      },
      (_, ctx) => ctx.state.trip.value(),
    )
    expect(await evolve(before, after)).toEqual([{ cents: 100n, tip: 0 }])
  })

  it('is migrated once: what was stored since is current', async () => {
    const before = jobOf({ text: valueState<string>() }, ({ key }, ctx) => ctx.state.text.update(key))
    const state = { text: valueState<string>({ version: 2, migrate: { 1: (old: string) => `${old}!` } }) }
    const after = jobOf(state, (_, ctx) => ctx.state.text.value())
    const first = await testJob(before, { sources: { rows: FIRST } })
    const second = await testJob(after, { sources: { rows: FIRST }, from: await first.savepoint() })
    const rows = [...FIRST, SECOND]
    const third = await testJob(after, { sources: { rows }, from: await second.savepoint() })
    await third.finish()
    expect(third.results('out')).toEqual(['a!'])
  })

  it('is migrated element by element in a list', async () => {
    const before = jobOf({ seen: listState<number>() }, ({ n }, ctx) => ctx.state.seen.addAll([n, n + 1]))
    const after = jobOf(
      { seen: listState<string>({ version: 2, migrate: { 1: (old: number) => `#${old}` } }) },
      (_, ctx) => [...ctx.state.seen.values()],
    )
    expect(await evolve(before, after)).toEqual([['#1', '#2']])
  })

  it('is migrated by value, and by key where that is wanted, in a map', async () => {
    const before = jobOf({ by: mapState<string, number>() }, ({ n }, ctx) => {
      ctx.state.by.put('7', n)
      ctx.state.by.put('8', n + 1)
    })
    const after = jobOf(
      {
        by: mapState<number, { n: number }>({
          version: 2,
          migrate: { 1: (n: number) => ({ n }) },
          migrateKeys: { 1: (old: string) => Number(old) },
        }),
      },
      (_, ctx) => [...ctx.state.by.entries()],
    )
    expect(await evolve(before, after)).toEqual([
      [
        [7, { n: 1 }],
        [8, { n: 2 }],
      ],
    ])
  })

  it('is migrated in a chain of increments, where keys of a map went and came back under another name', async () => {
    const put = (before: string, after: string) =>
      jobOf({ by: mapState<string, number>() }, ({ n }, ctx) => {
        if (n > 2) ctx.state.by.remove(before)
        ctx.state.by.put(n > 2 ? after : before, n)
      })
    const first = await testJob(put('7', '07'), { sources: { rows: FIRST } })
    await first.checkpoint()
    await first.send('rows', [{ key: 'a', n: 3 }])
    await first.checkpoint()
    await first.send('rows', [{ key: 'b', n: 4 }])
    const after = jobOf(
      { by: mapState<number, number>({ version: 2, migrateKeys: { 1: (old: string) => Number(old) } }) },
      (_, ctx) => [...ctx.state.by.entries()],
    )
    const rows = [...FIRST, { key: 'a', n: 3 }, { key: 'b', n: 4 }, { key: 'a', n: 5 }, { key: 'b', n: 6 }]
    const second = await testJob(after, { sources: { rows }, from: await first.savepoint() })
    await second.finish()
    expect(second.results('out')).toEqual([[[7, 3]], [[7, 4]]])
  })

  it('is migrated where it is reduced, and where it is an accumulator', async () => {
    const max = (a: number, b: number): number => Math.max(a, b)
    const before = jobOf({ high: reducingState(max), mean: aggregatingState(sum((n: number) => n)) }, ({ n }, ctx) => {
      ctx.state.high.add(n)
      ctx.state.mean.add(n)
    })
    const after = jobOf(
      {
        high: reducingState(max, { version: 2, migrate: { 1: (old: number) => old * 100 } }),
        // Another aggregate, whose accumulators are made of those of the old one.
        mean: aggregatingState(total('total of all'), { version: 2, migrate: { 1: () => 5 } }),
      },
      ({ n }, ctx) => {
        ctx.state.high.add(n)
        ctx.state.mean.add(n)
        return [ctx.state.high.value(), ctx.state.mean.value()]
      },
    )
    expect(await evolve(before, after)).toEqual([[100, 15]])
  })
})

it('fields of plain objects come and go without a version: a new one is undefined in old values', async () => {
  const before = jobOf({ trip: valueState<{ fare: number; old: string }>() }, ({ n }, ctx) =>
    ctx.state.trip.update({ fare: n, old: 'x' }),
  )
  const after = jobOf({ trip: valueState<{ fare: number; tip?: number }>() }, ({ n }, ctx) => {
    const tip = ctx.state.trip.value()?.tip
    ctx.state.trip.update({ fare: n })
    return { tip, now: ctx.state.trip.value() }
  })
  expect(await evolve(before, after)).toEqual([{ tip: undefined, now: { fare: 10 } }])
})

describe('a restore is refused, with both sides named,', () => {
  const numbers = jobOf({ held: valueState<number>() }, ({ n }, ctx) => ctx.state.held.update(n))
  const refusal = (code: string, ...words: readonly RegExp[]) => ({
    code,
    operatorId: 'step',
    message:
      words.length === 0
        ? expect.any(String)
        : expect.stringMatching(new RegExp(words.map((w) => w.source).join('.*'))),
  })

  it('when no migration leads from the stored version', async () => {
    const after = jobOf(
      { held: valueState<number>({ version: 4, migrate: { 1: (old: number) => old, 3: (old: number) => old } }) },
      () => 0,
    )
    await expect(evolve(numbers, after)).rejects.toMatchObject(
      refusal('STATE_MIGRATION_MISSING', /'held' of operator 'step'/, /version 1,/, /version 4/, /from version 2 to 3/),
    )
  })

  it('when the stored version is newer than the declared one', async () => {
    const newer = jobOf({ held: valueState<number>({ version: 2 }) }, ({ n }, ctx) => ctx.state.held.update(n))
    await expect(evolve(newer, numbers)).rejects.toMatchObject(
      refusal('STATE_VERSION_NEWER', /'held' of operator 'step'/, /version 2/, /version 1/),
    )
  })

  it('when the kind of the state has changed', async () => {
    const lists = jobOf({ held: listState<number>() }, ({ n }, ctx) => ctx.state.held.add(n))
    await expect(evolve(numbers, lists)).rejects.toMatchObject(
      refusal('STATE_LAYOUT_UNKNOWN', /'held' of operator 'step'/, /list-by-key/, /value-by-key/),
    )
  })

  it('when the aggregate has changed', async () => {
    const of = (kind: string) => jobOf({ held: aggregatingState(total(kind)) }, ({ n }, ctx) => ctx.state.held.add(n))
    await expect(evolve(of('net'), of('gross'))).rejects.toMatchObject(
      refusal('STATE_AGGREGATE_CHANGED', /'held' of operator 'step'/, /'net'/, /'gross'/),
    )
  })

  it.each([
    ['throws', () => JSON.parse('no JSON') as number, /JSON/],
    ['returns nothing', () => undefined as unknown as number, /undefined/],
    ['returns a promise', () => Promise.resolve(1) as unknown as number, /promise/],
  ])('when a migration %s', async (_, step, why) => {
    const after = jobOf({ held: valueState<number>({ version: 2, migrate: { 1: step } }) }, () => 0)
    await expect(evolve(numbers, after)).rejects.toMatchObject(
      refusal('STATE_MIGRATION_FAILED', /operator 'step', key group \d+/, /'held'/, /version 1 to 2/, why),
    )
  })

  it('when migrated keys of a map collide', async () => {
    const before = jobOf({ by: mapState<string, number>() }, ({ n }, ctx) => {
      ctx.state.by.put('7', n)
      ctx.state.by.put('07', n)
    })
    const after = jobOf(
      { by: mapState<number, number>({ version: 2, migrateKeys: { 1: (old: string) => Number(old) } }) },
      () => 0,
    )
    await expect(evolve(before, after)).rejects.toMatchObject(refusal('STATE_MIGRATION_FAILED', /'by'/, /two/))
  })

  it.each([
    ['size', tumbling(millis(20)), { n: count() }],
    ['aggregate', tumbling(millis(10)), { n: mean((row: Row) => row.n) }],
  ])('when the %s of a window has changed', async (_, windows, aggregates) => {
    const windowed = (assigner: typeof windows, results: typeof aggregates | { n: ReturnType<typeof count> }) =>
      defineJob('windowed', (job) => {
        job
          .from(
            'rows',
            collection<Row>([]),
            boundedOutOfOrderness({ timestamp: (row) => row.n, maxDelay: millis(100) }),
          )
          .keyBy((row) => row.key)
          .window(assigner)
          .aggregate('step', results)
          .to('out', collectInto<unknown>([]))
      })
    const first = await testJob(windowed(tumbling(millis(10)), { n: count() }), { sources: { rows: FIRST } })
    const from = await first.savepoint()
    await expect(testJob(windowed(windows, aggregates), { sources: { rows: FIRST }, from })).rejects.toMatchObject(
      refusal('WINDOW_STATE_INCOMPATIBLE', /'step'/),
    )
  })
})

describe('a declaration', () => {
  // What the compiler would refuse.
  const declare = (options: object) => () => valueState<number>(options)

  it.each([
    [{ version: 0 }, /whole number from 1/],
    [{ version: 1.5 }, /whole number from 1/],
    [{ version: 2, migrate: { 2: () => 1 } }, /below 2; found '2'/],
    [{ version: 2, migrate: { one: () => 1 } }, /found 'one'/],
    [{ version: 2, migrate: { 1: 'no function' } }, /migrate\[1\] is a function/],
  ])('of %j is refused', (options, words) => {
    expect(declare(options)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(words) }),
    )
  })
})

it('state with a time to live is migrated in it, and may get one with a new version', async () => {
  const plain = jobOf({ text: valueState<number>() }, ({ n }, ctx) => ctx.state.text.update(n))
  const ttl = { after: hours(1) }
  const timed = jobOf(
    { text: valueState<string>({ version: 2, ttl, migrate: { 1: (old: number) => `${old}` } }) },
    (_, ctx) => ctx.state.text.value(),
  )
  expect(await evolve(plain, timed)).toEqual(['1'])

  const lists = jobOf({ all: listState<number>({ ttl }) }, ({ n }, ctx) => ctx.state.all.add(n))
  const later = jobOf(
    { all: listState<string>({ version: 2, ttl, migrate: { 1: (old: number) => `#${old}` } }) },
    (_, ctx) => [...ctx.state.all.values()],
  )
  expect(await evolve(lists, later)).toEqual([['#1']])
})

describe('keys of another type', () => {
  const keyedBy = (key: (row: Row) => string | number | bigint, isMap = false) =>
    defineJob('evolving', (job) => {
      job
        .from('rows', collection<Row>([]))
        .keyBy(key)
        .process('step', {
          state: { held: valueState<number>(), map: mapState<string, number>() },
          process: ({ n }, { state }) => {
            if (isMap) {
              state.map.put('n', n)
              return []
            }
            const before = state.held.value()
            state.held.update(n)
            return [before]
          },
        })
        .to('out', collectInto<unknown>([]))
    })

  it('are let through where state was stored under keys of several types: such a job mixes them', async () => {
    const mixed = keyedBy(({ key, n }) => (n === 1 ? n : key))
    const first = await testJob(mixed, { sources: { rows: FIRST } })
    const from = await first.savepoint()
    const second = await testJob(
      keyedBy(({ n }) => BigInt(n)),
      { sources: { rows: [...FIRST, SECOND] }, from },
    )
    await second.finish()
    expect(second.results('out')).toEqual([undefined])
  })

  it.each([
    ['value', false],
    ['map', true],
  ])('are refused in %s state of a savepoint, and let through where state may be dropped', async (_, isMap) => {
    const first = await testJob(
      keyedBy(({ key }) => key, isMap),
      { sources: { rows: FIRST } },
    )
    const { store } = await first.savepoint()
    const savepoint = await mkdtemp(join(tmpdir(), 'tidemark-keys-'))
    onTestFinished(() => rm(savepoint, { recursive: true, force: true }))
    const place = await directoryStore(savepoint, virtualEnvironment())
    const log = await JobLog.open({ store, nonce: () => 'n' })
    const ref = log.state?.checkpoints.at(-1)
    if (ref) await copyAsSavepoint(store, await readManifest(store, ref), place)
    const outcome = async (options: RunOptions) => {
      const rows = new ScriptedSource([[...FIRST, SECOND]])
      rows.end()
      const job = keyedBy(({ n }) => n, isMap)
      const { result } = await run(job, {
        sources: { rows },
        environment: virtualEnvironment(),
        restart: noRestart(),
        logger,
        ...options,
      })
      return result
    }
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
    const fields = expect.objectContaining({ operator: 'step', stored: 'string', found: 'number' })
    await expect(outcome({ from: savepoint })).rejects.toMatchObject({
      code: 'KEY_TYPE_CHANGED',
      operatorId: 'step',
      message: expect.stringMatching(/string.*number/),
    })
    expect(logger.warn).not.toHaveBeenCalledWith(expect.stringContaining('another type'), fields)
    const dropping = { checkpoints: { allowDroppedState: true } }
    expect(await outcome({ from: savepoint, ...dropping })).toMatchObject({ status: 'finished' })
    expect(logger.warn).toHaveBeenCalledWith(expect.stringContaining('another type'), fields)
    // A recovery is not stopped: it may be a job that mixes types, and had one of them so far.
    logger.warn.mockClear()
    expect(await outcome({ checkpoints: { to: store, resume: true } })).toMatchObject({ status: 'finished' })
    expect(logger.warn).toHaveBeenCalledWith(expect.stringContaining('another type'), fields)
  })
})
