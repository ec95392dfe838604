import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import {
  aggregatingState,
  count,
  defineJob,
  type Key,
  listState,
  mapState,
  reducingState,
  seconds,
  session,
  valueState,
} from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { memoryStore, type ObjectStore, run } from 'tidemark/run'
import { type KeyedEntry, readSavepoint, transformSavepoint, writeSavepoint } from 'tidemark/savepoint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { collected } from './entries.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-seed-'))
})
afterAll(() => rm(folder, { recursive: true }))

const seeded = (rows: unknown[], values: readonly string[]) =>
  defineJob('seeded', (job) => {
    const keyed = job.from('keys', collection(values)).keyBy((key) => key)
    keyed
      .process('look', {
        state: {
          points: valueState<number>(),
          orders: listState<string>(),
          byShop: mapState<string, number>(),
          total: reducingState<number>((left, right) => left + right),
          visits: aggregatingState(count()),
        },
        process(_value, { key, state, timers }) {
          timers.registerEventTime(5_000)
          state.visits.add(undefined as never)
          const { points, orders, byShop, total, visits } = state
          return [[key, points.value(), [...orders.values()], [...byShop.entries()], total.value(), visits.value()]]
        },
        onTimer: ({ timestamp }, { key }) => [[`timer ${key}`, timestamp]],
      })
      .to('rows', collectInto<unknown>(rows))
  })

describe('writeSavepoint', () => {
  test('gives a job its first state, at any parallelism', async () => {
    const to = join(folder, 'first')
    const entries = async function* (): AsyncGenerator<KeyedEntry> {
      yield { kind: 'value', state: 'points', key: 'ann', value: 12 }
      yield { kind: 'value', state: 'points', key: 'bob', value: 7 }
      yield { kind: 'list', state: 'orders', key: 'ann', value: ['o1', 'o2'] }
      yield { kind: 'map', state: 'byShop', key: 'bob', mapKey: 'north', value: 3 }
      yield { kind: 'map', state: 'byShop', key: 'bob', mapKey: 'south', value: 4 }
      yield { kind: 'reducing', state: 'total', key: 'ann', value: 99 }
      yield { kind: 'timer', state: 'timers', key: 'zoe', domain: 'event', timestamp: 1234, namespace: '' }
    }
    const info = await writeSavepoint(to, {
      job: 'seeded',
      maxParallelism: 64,
      operators: [{ id: 'look', entries: entries() }],
    })
    expect(info).toMatchObject({ job: 'seeded', maxParallelism: 64, input: 'open' })
    for (const parallelism of [1, 3]) {
      const rows: unknown[] = []
      const handle = await run(seeded(rows, ['ann', 'bob', 'cat']), { from: to, parallelism })
      await handle.result
      const expected = [
        ['ann', 12, ['o1', 'o2'], [], 99, 1],
        [
          'bob',
          7,
          [],
          [
            ['north', 3],
            ['south', 4],
          ],
          undefined,
          1,
        ],
        ['cat', undefined, [], [], undefined, 1],
        ['timer ann', 5000],
        ['timer bob', 5000],
        ['timer cat', 5000],
        ['timer zoe', 1234],
      ]
      expect(rows.sort((left, right) => (String(left) < String(right) ? -1 : 1))).toEqual(expected)
    }
  })

  test('is read back as it was given, whatever the keys', async () => {
    const scalar = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
      fc.bigInt(),
      fc.boolean(),
    )
    const anyKey: fc.Arbitrary<Key> = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }))
    const value = fc.oneof(fc.integer(), fc.string({ unit: 'grapheme' }), fc.constant(null), fc.array(fc.boolean()))
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(anyKey, value), {
          selector: ([key]) =>
            `${typeof key}${JSON.stringify(key, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))}`,
        }),
        fc.integer({ min: 1, max: 32_768 }),
        async (pairs, maxParallelism) => {
          const entries = pairs.map(([key, value]): KeyedEntry => ({ kind: 'value', state: 'any', key, value }))
          const to = memoryStore()
          await writeSavepoint(to, { job: 'any', maxParallelism, operators: [{ id: 'op', entries }] })
          const savepoint = await readSavepoint(to)
          const found = (await collected(savepoint.keyedState('op'))).map(({ group: _, ...entry }) => entry)
          expect(new Set(found)).toEqual(new Set(entries))
        },
      ),
      { numRuns: 100 },
    )
  })

  test('cuts much state into several objects', async () => {
    const to = memoryStore()
    const text = 'x'.repeat(2000)
    const entries = Array.from({ length: 5000 }, (_, index): KeyedEntry => {
      return { kind: 'value', state: 's', key: index, value: { index, text } }
    })
    await writeSavepoint(to, { job: 'j', maxParallelism: 32_768, operators: [{ id: 'op', entries }] })
    expect((await to.list('state/op/')).length).toBeGreaterThan(2)
    const found = await collected((await readSavepoint(to)).keyedState('op'))
    expect(new Set(found.map(({ key }) => key)).size).toBe(5000)
  })

  test('keeps windows of a key together', async () => {
    const to = memoryStore()
    const layout = `by-key ${session(seconds(5)).kind} process eventTime`
    const window = (key: string, start: number): KeyedEntry => ({
      kind: 'window',
      state: 'windows',
      layout,
      key,
      window: { start, end: start + 10 },
      value: [start],
      ...(start === 50 && { fired: [{ start: 50, end: 55 }] }),
    })
    const entries = [window('a', 100), window('a', 50), window('b', 0)]
    await writeSavepoint(to, { job: 'j', maxParallelism: 8, operators: [{ id: 'op', entries }] })
    const found = await collected((await readSavepoint(to)).keyedState('op'))
    const starts = found.map((entry) => (entry.kind === 'window' ? `${String(entry.key)} ${entry.window.start}` : ''))
    expect(starts.sort()).toEqual(['a 100', 'a 50', 'b 0'])
    const fired = found.flatMap((entry) =>
      entry.kind === 'window' && entry.fired ? [entry.window.start, entry.fired] : [],
    )
    expect(fired).toEqual([50, [{ start: 50, end: 55 }]])
  })
})

describe('refused, and nothing is left behind:', () => {
  const refused = async (entries: readonly unknown[]) => {
    const to = memoryStore()
    const operators = [{ id: 'op', entries: entries as KeyedEntry[] }]
    const error = await writeSavepoint(to, { job: 'j', maxParallelism: 8, operators }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(await to.list('')).toEqual([])
    return error
  }

  test.each([
    [{ kind: 'value', state: 'a', key: Number.NaN, value: 1 }, 'KEY_INVALID'],
    [{ kind: 'value', state: 'a', key: {}, value: 1 }, 'KEY_INVALID'],
    [{ kind: 'value', state: '', key: 1, value: 1 }, 'SAVEPOINT_ENTRY_INVALID'],
    [{ kind: 'value', state: 'a', key: 1 }, 'SAVEPOINT_ENTRY_INVALID'],
    [{ kind: 'value', state: 'a', key: 1, value: Symbol('no') }, 'SAVEPOINT_ENTRY_INVALID'],
    [{ kind: 'list', state: 'a', key: 1, value: 1 }, 'SAVEPOINT_ENTRY_INVALID'],
    [{ kind: 'map', state: 'a', key: 1, value: 1 }, 'SAVEPOINT_ENTRY_INVALID'],
    [{ kind: 'timer', state: 'timers', key: 1, domain: 'event', timestamp: Number.NaN }, 'SAVEPOINT_ENTRY_INVALID'],
    [{ kind: 'window', state: 'windows', key: 1, layout: 'by-key x', window: { start: 1 } }, 'SAVEPOINT_ENTRY_INVALID'],
    [{ kind: 'other', state: 'a', key: 1, value: 1 }, 'SAVEPOINT_ENTRY_INVALID'],
  ])('%o', async (entry, code) => {
    expect(await refused([entry])).toMatchObject({ code })
  })

  test('a state of two kinds', async () => {
    const one = { kind: 'value', state: 'a', key: 1, value: 1 }
    expect(await refused([one, { ...one, kind: 'list', value: [] }])).toMatchObject({ code: 'SAVEPOINT_ENTRY_INVALID' })
  })

  test('an operator that is there twice', async () => {
    const operators = [
      { id: 'op', entries: [] },
      { id: 'op', entries: [] },
    ]
    const written = writeSavepoint(memoryStore(), { job: 'j', maxParallelism: 8, operators })
    await expect(written).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})

describe('state with a time to live', () => {
  const now = Date.UTC(2030, 0, 1)
  const entries: KeyedEntry[] = [
    { kind: 'value', state: 'token', key: 'old', value: 1, lastAccess: now - 100_000 },
    { kind: 'value', state: 'token', key: 'new', value: 2, lastAccess: now - 1_000 },
    { kind: 'list', state: 'visits', key: 'new', value: ['a', 'b'], lastAccess: [now - 100_000, now - 1_000] },
    { kind: 'map', state: 'carts', key: 'new', mapKey: 'x', value: 3, lastAccess: now - 1_000 },
  ]
  const seed = (to: ObjectStore | string) =>
    writeSavepoint(to, { job: 'timed', maxParallelism: 8, operators: [{ id: 'look', entries }] })

  test('has its times in a savepoint, and what is too old is not found by the job', async () => {
    const to = join(folder, 'timed')
    await seed(to)
    const rows: unknown[] = []
    const ttl = { after: seconds(10) }
    const job = defineJob('timed', (builder) => {
      builder
        .from('keys', collection(['old', 'new']))
        .keyBy((key) => key)
        .process('look', {
          state: {
            token: valueState<number>({ ttl }),
            visits: listState<string>({ ttl }),
            carts: mapState<string, number>({ ttl }),
          },
          process: (_value, { key, state: { token, visits, carts } }) => [
            [key, token.value(), [...visits.values()], carts.get('x')],
          ],
        })
        .to('rows', collectInto<unknown>(rows))
    })
    const handle = await run(job, { from: to, environment: virtualEnvironment({ startAt: now }) })
    await handle.result
    expect(rows).toEqual([
      ['old', undefined, [], undefined],
      ['new', 2, ['b'], 3],
    ])
  })

  test('is read back with its times, and keeps them through a transformation', async () => {
    const to = memoryStore()
    await seed(to)
    const after = memoryStore()
    await transformSavepoint(to, after, { maxParallelism: 100, mapState: (_id, _state, entry) => entry })
    for (const store of [to, after]) {
      const found = (await collected((await readSavepoint(store)).keyedState('look'))).map(
        ({ group: _, ...entry }) => entry,
      )
      expect(new Set(found)).toEqual(new Set(entries))
    }
    const without = transformSavepoint(to, memoryStore(), {
      mapState(_id, _state, entry) {
        if (!('lastAccess' in entry)) return entry
        const { lastAccess: _, ...others } = entry
        return others
      },
    })
    await expect(without).rejects.toMatchObject({ code: 'SAVEPOINT_ENTRY_INVALID' })
  })

  test('needs a time for each element of a list', async () => {
    const entry: KeyedEntry = { kind: 'list', state: 'a', key: 1, value: [1, 2], lastAccess: [now] }
    const operators = [{ id: 'op', entries: [entry] }]
    const written = writeSavepoint(memoryStore(), { job: 'j', maxParallelism: 8, operators })
    await expect(written).rejects.toMatchObject({ code: 'SAVEPOINT_ENTRY_INVALID' })
  })
})
