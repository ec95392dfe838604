import { count, defineJob, type FunctionContext, monotonous, seconds, sideOutput, sum, tumbling } from 'tidemark'
import { collectInto, collection, generator } from 'tidemark/collection'
import { noRestart, run } from 'tidemark/run'
import { describe, expect, test } from 'vitest'

const PARALLELISMS = [1, 2, 3, 4, 5]
const LONG = 1000
const SHORT = 100

function total(numbers: readonly number[]): number {
  return numbers.reduce((left, right) => left + right, 0)
}

describe('a graph of any shape gives exact results at any parallelism', () => {
  test.each(PARALLELISMS)('two sources of different lengths, united and windowed, at %i', async (parallelism) => {
    const rows: { key: string; records: number; total: number }[] = []
    const job = defineJob('united', (job) => {
      const long = job.from(
        'long',
        generator({ count: LONG, splits: 3, make: (i) => ({ key: i % 7, n: i }), timestamp: (i) => i * 10 }),
        monotonous(),
      )
      const values = Array.from({ length: SHORT }, (_, i) => ({ key: i % 7, n: i }))
      const short = job.from('short', collection(values, { splits: 2, timestamps: ({ n }) => n * 10 }), monotonous())
      long
        .union(short)
        .keyBy(({ key }) => `k${key}`)
        .window(tumbling(seconds(1)))
        .aggregate('sums', { records: count(), total: sum(({ n }) => n) })
        .to('rows', collectInto(rows))
    })
    await (await run(job, { parallelism })).result
    expect(total(rows.map(({ records }) => records))).toBe(LONG + SHORT)
    expect(total(rows.map((row) => row.total))).toBe((LONG * (LONG - 1)) / 2 + (SHORT * (SHORT - 1)) / 2)
    // A window of a key fires once: 10 s and 7 keys.
    expect(rows).toHaveLength(70)
  })

  test.each(PARALLELISMS)('one stream read by three branches that unite again, at %i', async (parallelism) => {
    const rows: number[] = []
    const job = defineJob('diamond', (job) => {
      const all = job.from('all', generator({ count: LONG, make: (i) => i }))
      const even = all.filter((n) => n % 2 === 0, { parallelism: 2 })
      const twice = all.flatMap((n) => [n, n])
      all
        .map((n) => n)
        .union(even, twice, all)
        .to('rows', collectInto(rows))
    })
    await (await run(job, { parallelism })).result
    const expected = Array.from({ length: LONG }, (_, n) => new Array<number>(n % 2 === 0 ? 5 : 4).fill(n)).flat()
    expect(rows.sort((a, b) => a - b)).toEqual(expected)
  })

  test.each(PARALLELISMS)(
    'a million rows out of one call, to an output and a side output, at %i',
    async (parallelism) => {
      let even = 0
      let odd = 0
      const job = defineJob('explosion', (job) => {
        const exploded = job.from('one', collection([1_000_000])).process('explode', {
          sideOutputs: { odd: sideOutput<number>() },
          *process(size, ctx) {
            for (let n = 0; n < size; n++) {
              if (n % 2 === 0) yield n
              else ctx.sideOutputs.odd.emit(n)
            }
          },
        })
        const evens = exploded.filter((n) => {
          even += n
          return false
        })
        evens.to('even', collectInto<number>([]))
        const odds = exploded.odd.filter((n) => {
          odd += n
          return false
        })
        odds.to('odd', collectInto<number>([]))
      })
      await (await run(job, { parallelism })).result
      expect({ even, odd }).toEqual({ even: 249_999_500_000, odd: 250_000_000_000 })
    },
  )

  test('keys that differ only by type are different keys, and -0 is 0', async () => {
    const rows: { key: unknown; n: number }[] = []
    const keys = [1, '1', 1n, true, 'true', [1], ['1'], [1n], ['a', 'b'], ['ab'], 'ab', '', [], 0, -0] as const
    const job = defineJob('keys', (job) => {
      job
        .from('keys', collection(keys))
        .keyBy((key) => key)
        .process('count', {
          *onTimer() {},
          process: (_value, ctx) => [{ key: ctx.key, n: 1 }],
        })
        .to('rows', collectInto<unknown>(rows))
    })
    await (await run(job, { parallelism: 3 })).result
    const text = (key: unknown): string => (Array.isArray(key) ? `[${key.map(text)}]` : `${typeof key}:${String(key)}`)
    expect(new Set(rows.map(({ key }) => text(key))).size).toBe(keys.length - 1)
  })

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['an object', { secret: 'payload' }],
    ['a function', () => 'payload'],
    ['a symbol', Symbol('payload')],
    ['a nested tuple', ['payload', ['payload']]],
    ['a hole in a tuple', ['payload', undefined]],
    ['a lone surrogate', 'payload\ud800'],
  ])('a key that is %s names operator and record, and shows nothing of the record', async (_name, key) => {
    const job = defineJob('bad-key', (job) => {
      job
        .from('values', collection(['fine', 'bad']))
        .keyBy((value) => (value === 'fine' ? 'fine' : (key as never)))
        .reduce('last', (_left, right) => right)
        .to('rows', collectInto<string>([]))
    })
    const { result } = await run(job, { restart: noRestart() })
    await expect(result).rejects.toMatchObject({ code: 'KEY_INVALID', operatorId: 'keyBy-1', domain: 'user' })
    await expect(result).rejects.toMatchObject({ location: 'split collection-0, offset 1' })
    await expect(result).rejects.not.toThrow('payload')
  })
})

describe('a function with a life cycle is closed once in each subtask, with what its open gave', () => {
  async function lifeOf(end: 'end' | 'stop' | 'drain' | 'cancel' | 'fail'): Promise<string[]> {
    const log: string[] = []
    let seen: () => void = () => undefined
    const started = new Promise<void>((resolve) => {
      seen = resolve
    })
    const job = defineJob('life', (job) => {
      const source = generator({ make: (i) => i, rate: 10_000, ...(end === 'end' ? { count: 10 } : {}) })
      job
        .from('numbers', source)
        .map(
          {
            async open({ subtask }: FunctionContext) {
              await new Promise((resolve) => setImmediate(resolve))
              log.push(`open ${subtask.index}`)
              return subtask.index
            },
            map(n: number) {
              seen()
              if (end === 'fail') throw new Error('no')
              return n
            },
            async close(index: number) {
              await new Promise((resolve) => setImmediate(resolve))
              log.push(`close ${index}`)
            },
          },
          { parallelism: 2 },
        )
        .to('rows', collectInto<number>([]))
    })
    const handle = await run(job, { restart: noRestart() })
    await started
    if (end === 'stop') await handle.stop()
    if (end === 'drain') await handle.stop({ drain: 'now' })
    if (end === 'cancel') await handle.cancel()
    await handle.result.catch(() => undefined)
    return log.sort()
  }

  test.each(['end', 'stop', 'drain', 'cancel', 'fail'] as const)('at its %s', async (end) => {
    expect(await lifeOf(end)).toEqual(['close 0', 'close 1', 'open 0', 'open 1'])
  })
})

test('status and progress complete when the job has ended, for early and late subscribers', async () => {
  const job = defineJob('ends', (job) => job.from('one', collection([1])).to('rows', collectInto<number>([])))
  const handle = await run(job)
  const completed: string[] = []
  const statuses: string[] = []
  handle.status$.subscribe({ next: (status) => statuses.push(status), complete: () => completed.push('status') })
  handle.progress$.subscribe({ complete: () => completed.push('progress') })
  await handle.result
  await new Promise((resolve) => setImmediate(resolve))
  handle.progress$.subscribe({ complete: () => completed.push('late') })
  expect(completed.sort()).toEqual(['late', 'progress', 'status'])
  expect(statuses.at(-1)).toBe('finished')
})
