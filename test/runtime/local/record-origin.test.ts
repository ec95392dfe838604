import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  defineJob,
  type JobBuilder,
  jsonUnchecked,
  markers,
  monotonous,
  type Stream,
  seconds,
  sum,
  tumbling,
} from 'tidemark'
import { collectInto, generator } from 'tidemark/collection'
import { files, jsonLines } from 'tidemark/file'
import { noRestart, run } from 'tidemark/run'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

interface Reading {
  readonly n: number
}

const fail = ({ n }: Reading): never => {
  throw new Error(`cannot take ${n}`)
}
const failAt5 = (reading: Reading): Reading => (reading.n === 5 ? fail(reading) : reading)

/** Six values of one split, read in one poll, at 1 to 6 s. */
async function locationOf(build: (stream: Stream<Reading>) => Stream<unknown>, parallelism = 1): Promise<string> {
  const source = generator({ count: 6, splits: 1, make: (n): Reading => ({ n }), timestamp: (n) => (n + 1) * 1000 })
  const job = defineJob('origin', (builder: JobBuilder<unknown>) => {
    build(builder.from('numbers', source)).to('rows', collectInto<unknown>([]))
  })
  const { result } = await run(job, { restart: noRestart(), parallelism })
  const error = await result.then(
    () => undefined,
    (thrown: { location: string; message: string }) => thrown,
  )
  expect(error?.message).toContain('cannot take 5')
  expect(error?.message).toContain(error?.location)
  return error?.location ?? ''
}

describe('what a user function throws names the split and the offset of the record', () => {
  const EXACT = 'split generator-0, offset 5, timestamp 6000'
  const behind: Readonly<Record<string, (stream: Stream<Reading>) => Stream<unknown>>> = {
    map: (s) => s.map(failAt5),
    'map behind map': (s) => s.map((r) => ({ ...r })).map(failAt5),
    filter: (s) => s.filter((r) => failAt5(r).n >= 0),
    'filter behind a filter that drops nothing': (s) => s.filter(() => true).filter((r) => failAt5(r).n >= 0),
    flatMap: (s) => s.flatMap((r) => [failAt5(r)]),
    'a generator that flatMap iterates': (s) =>
      s.flatMap(function* (r) {
        yield r.n
        failAt5(r)
      }),
    process: (s) => s.process('p', (r) => [failAt5(r)]),
    keyBy: (s) => s.keyBy((r) => failAt5(r).n).reduce('r', (left) => left),
    'keyed process': (s) => s.keyBy((r) => r.n % 2).process('p', { process: (r) => [failAt5(r)] }),
    'keyed reduce': (s) => s.keyBy(() => 0).reduce('r', (_left, right) => failAt5(right)),
    'a window': (s) =>
      s
        .keyBy(() => 0)
        .window(tumbling(seconds(60)))
        .aggregate('w', { all: sum((r) => failAt5(r).n) }),
    'map behind a running reduce': (s) =>
      s
        .keyBy((r) => r.n)
        .reduce('r', (_left, right) => right)
        .map(failAt5),
  }
  test.each(Object.entries(behind))('%s', async (_name, build) => {
    expect(await locationOf(build)).toBe(EXACT)
  })

  test('also on the branches of a union', async () => {
    expect(
      await locationOf((s) =>
        s
          .filter((r) => r.n < 3)
          .union(s)
          .map(failAt5),
      ),
    ).toBe(EXACT)
  })
})

test('on the side of a connect that goes to every subtask, too', async () => {
  const build = (s: Stream<Reading>) =>
    s.connect(s.broadcast({})).process('p', { onRecord: () => undefined, onBroadcast: (r) => [failAt5(r)] })
  expect(await locationOf(build, 2)).toBe('split generator-0, offset 5, timestamp 6000')
})

describe('where rows are not those polled any more, it names the range of the poll', () => {
  const RANGE = 'split generator-0, one of offsets 0 to 5'
  const behind: Readonly<Record<string, (stream: Stream<Reading>) => Stream<unknown>>> = {
    'a filter that drops': (s) => s.filter((r) => r.n > 3).map(failAt5),
    'a flatMap': (s) => s.flatMap((r) => [r, r]).map(failAt5),
    'a process': (s) => s.process('p', (r) => [r]).map(failAt5),
    'a keyed process': (s) =>
      s
        .keyBy((r) => r.n)
        .process('p', { process: (r) => [r] })
        .map(failAt5),
  }
  test.each(Object.entries(behind))('behind %s', async (_name, build) => {
    expect(await locationOf(build)).toMatch(new RegExp(`^${RANGE}, record \\d+ of its batch, timestamp 6000$`))
  })

  test('behind an exchange by key', async () => {
    const build = (s: Stream<Reading>) => s.keyBy((r) => r.n).process('p', { process: (r) => [failAt5(r)] })
    expect(await locationOf(build, 3)).toMatch(new RegExp(`^${RANGE}, record \\d+ of its batch, timestamp 6000$`))
  })
})

test('what a window gave has no split: its key and time are in the error alone', async () => {
  const location = await locationOf((s) =>
    s
      .keyBy((r) => r.n)
      .window(tumbling(seconds(1)))
      .aggregate('w', { n: sum((r) => r.n) })
      .map(failAt5),
  )
  expect(location).toMatch(/^record \d of its batch, timestamp 6999$/)
})

test('nor has what a timer emits', async () => {
  const location = await locationOf((s) =>
    s
      .keyBy((r) => r.n)
      .process('p', {
        process: (r, ctx) => {
          ctx.timers.registerEventTime(ctx.timestamp)
          return [{ n: -r.n }]
        },
        onTimer: (_timer, ctx) => [{ n: ctx.key }],
      })
      .map(failAt5),
  )
  expect(location).toMatch(/^record \d of its batch, timestamp 6000$/)
})

test('a timer has the time alone', async () => {
  const location = await locationOf((s) =>
    s
      .keyBy((r) => r.n)
      .process('p', {
        process: (r, ctx) => ctx.timers.registerEventTime(r.n * 1000),
        onTimer: (timer) => [failAt5({ n: timer.timestamp / 1000 })],
      }),
  )
  expect(location).toBe('timestamp 5000')
})

test('the offset is exact behind a marker in the same poll, where a batch begins anew', async () => {
  const source = generator({ count: 6, splits: 1, make: (n): Reading => ({ n }) })
  const strategy = markers({ watermark: (r: Reading) => (r.n === 2 ? 2 : undefined), timestamp: (r) => r.n })
  const job = defineJob('origin', (builder) => {
    builder.from('numbers', source, strategy).map(failAt5).to('rows', collectInto<Reading>([]))
  })
  const { result } = await run(job, { restart: noRestart() })
  await expect(result).rejects.toMatchObject({ location: 'split generator-0, offset 5, timestamp 5' })
})

describe('of a file', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-origin-'))
    await writeFile(join(folder, 'in.jsonl'), '{"n":1}\nnot json\n\n{"n":5}\n')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  test('the byte at which the record begins, whatever was left out before it', async () => {
    const path = join(folder, 'in.jsonl')
    const source = files({ path, format: jsonLines(jsonUnchecked<Reading>()), onMalformed: 'skip' })
    const job = defineJob('origin', (builder) => {
      builder
        .from('in', source, monotonous({ timestamp: (r) => r.n }))
        .map(failAt5)
        .to('rows', collectInto<Reading>([]))
    })
    const { result } = await run(job, { restart: noRestart() })
    await expect(result).rejects.toMatchObject({ location: `split ${path}, offset 18, timestamp 5` })
  })
})
