import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { collectInto, collection, generator, print } from '../../../connectors/collection/index.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { committerOf, discover, openReader, openWriter, read, readSource, writeAll } from '../file/support.js'

const firstSplit = async (source: Parameters<typeof discover>[0]) => (await discover(source))[0]!

describe('collection', () => {
  test('gives its values in order, with timestamps where they are given', async () => {
    expect(await readSource(collection(['a', 'b', 'c']))).toMatchObject({ values: ['a', 'b', 'c'], timestamps: [] })
    expect((await readSource(collection(['a', 'b'], { timestamps: [5, 6] }))).timestamps).toEqual([5, 6])
    expect((await readSource(collection([1, 2], { timestamps: (value) => value * 10 }))).timestamps).toEqual([10, 20])
    expect((await readSource(collection([]))).values).toEqual([])
  })

  test('splits share the values, and each goes on from its position', async () => {
    const source = collection([0, 1, 2, 3, 4, 5, 6], { splits: 3 })
    const splits = await discover(source)
    const all: number[][] = []
    for (const split of splits) {
      const first = await read(await openReader(source, split), { atLeast: 1 })
      const rest = await read(await openReader(source, JSON.parse(JSON.stringify(first.position))))
      all.push([...first.values, ...rest.values])
    }
    expect(all).toEqual([
      [0, 3, 6],
      [1, 4],
      [2, 5],
    ])
    expect(await discover(source, { known: ['collection-0', 'collection-1', 'collection-2'] })).toEqual([])
  })

  test('a checkpoint of other values or splits is refused', async () => {
    const { position } = await readSource(collection([1, 2, 3]))
    await expect(openReader(collection([1]), position).then(() => 'opened')).rejects.toMatchObject({
      code: 'COLLECTION_CHANGED',
    })
    await expect(openReader(collection([1, 2, 3], { splits: 2 }), position)).rejects.toMatchObject({
      code: 'COLLECTION_CHANGED',
    })
  })

  test('options that cannot work are refused', () => {
    expect(() => collection([1], { splits: 0 })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(() => collection([1], { timestamps: [1, 2] })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('generator', () => {
  test('gives every index once, over all splits, and goes on where it stood', async () => {
    const source = generator({ count: 100, make: (index) => index, timestamp: (index) => index * 2, splits: 3 })
    const values: number[] = []
    for (const split of await discover(source)) {
      const first = await read(await openReader(source, split), { atLeast: 10, maxRecords: 4 })
      const rest = await read(await openReader(source, first.position))
      expect([...first.timestamps, ...rest.timestamps]).toEqual([...first.values, ...rest.values].map((v) => v * 2))
      values.push(...first.values, ...rest.values)
    }
    expect(values.sort((left, right) => left - right)).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })

  test('keeps its rate, and wakes when the next value is due', async () => {
    const environment = virtualEnvironment()
    const source = generator({ rate: 10, make: (index) => index, splits: 1 })
    const { reader, bell } = await openReader(source, await firstSplit(source), { environment })
    const taken: number[] = []
    const drain = (): void => {
      for (let polled = reader.poll(100); polled; polled = reader.poll(100)) taken.push(...polled.values)
    }
    drain()
    expect(taken).toEqual([0])
    expect(reader.caughtUp).toBe(true)
    for (let second = 0; second < 30; second++) {
      const before = bell.count
      await environment.advance(100)
      expect(bell.count).toBe(before + 1)
      drain()
    }
    expect(taken).toHaveLength(31)
    // Not polled for a minute: it catches up by a second's worth.
    await environment.advance(60_000)
    drain()
    expect(taken).toHaveLength(41)
  })

  test('without a count it ends only where a drain ends it', async () => {
    const source = generator({ make: (index) => index, splits: 2 })
    expect(source.bounded).toBe(false)
    const { reader } = await openReader(source, await firstSplit(source))
    expect(reader.poll(3)?.values).toEqual([0, 2, 4])
    reader.endAtTip?.()
    expect(reader.finished).toBe(true)
  })

  test('a function that throws is named with its index', async () => {
    const source = generator({
      count: 4,
      splits: 1,
      make: (index) => {
        if (index === 2) throw new Error('no two')
        return index
      },
    })
    await expect(readSource(source)).rejects.toMatchObject({ code: 'USER_FUNCTION_FAILED', location: 'index 2' })
  })

  test.each([{ count: -1 }, { count: 1.5 }, { rate: 0 }, { rate: Number.NaN }, { splits: 0 }])(
    '%o is refused',
    (option) => {
      expect(() => generator({ make: (index) => index, ...option })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      )
    },
  )
})

describe('print', () => {
  test('a line a row, with prefix and subtask', async () => {
    const to = new PassThrough({ encoding: 'utf8' })
    await writeAll(await openWriter(print({ to })), ['text', { a: 1 }, 5n, undefined])
    await writeAll(await openWriter(print({ to, prefix: 'cells' })), [1])
    await writeAll(await openWriter(print({ to, prefix: 'cells' }), { index: 1, parallelism: 2 }), [1])
    expect(to.read()).toBe('text\n{"a":1}\n5n\nundefined\ncells> 1\ncells:1> 1\n')
  })

  test('waits while the stream is full, also at a barrier', async () => {
    const to = new PassThrough({ encoding: 'utf8', highWaterMark: 10 })
    const open = await openWriter(print({ to }))
    const rows = Array.from({ length: 1000 }, (_, index) => String(index))
    const printed: string[] = []
    const written = writeAll(open, rows)
    setImmediate(() => to.on('data', (chunk: string) => printed.push(chunk)))
    expect(await written).toBeGreaterThan(0)
    expect(await open.writer.prepareCommit(1)).toEqual([])
    expect(printed.join('')).toBe(rows.map((row) => `${row}\n`).join(''))
  })
})

test('collectInto shows rows at their commit, once however often it is committed', async () => {
  const rows: number[] = []
  const sink = collectInto(rows)
  const open = await openWriter(sink)
  await writeAll(open, [1, 2])
  const first = await open.writer.prepareCommit(1)
  await writeAll(open, [3])
  const second = await open.writer.prepareCommit(2)
  expect(rows).toEqual([])
  const committer = await committerOf(sink)
  await committer.commit(first)
  await committer.commit(JSON.parse(JSON.stringify(first)))
  await (await committerOf(collectInto(rows))).commit([...first, ...second])
  expect(rows).toEqual([1, 2, 3])
  expect(await open.writer.prepareCommit(3)).toEqual([])
})
