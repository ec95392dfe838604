import { readdir, stat } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { SinkWriter } from '../../../core/connector.js'
import { Batch } from '../../../core/element.js'
import type { Environment } from '../../../core/environment.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { hurriedEnvironment } from '../batching/open-writer.js'
import { committerOf, openWriter, temporaryFolder, writeAll } from '../file/support.js'
import { double, inferringSink, int64, nullable, schemaAt, string } from './inference-support.js'
import { duckdb, rowsIn } from './readers.js'

/** Time stands still: what waits for it waits until it is told to stop. */
function environmentThatWaits() {
  let [begin, waiting] = [(): void => undefined, 0]
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const after = (): (() => void) => {
    waiting++
    begin()
    return () => void waiting--
  }
  const environment: Environment = { ...systemEnvironment(), timers: { after } }
  return { environment, begun, underWay: () => waiting }
}

describe('rows are held', () => {
  test('until there are enough, at which the rest of a large batch counts too', async () => {
    const path = await temporaryFolder()
    const open = await openWriter(inferringSink(path, { rows: 3 }))
    await writeAll(open, [{ a: 1 }, { a: 2 }])
    await expect(schemaAt(path)).rejects.toThrow()
    await writeAll(open, [{ a: 3 }, { a: 4.5 }])
    await writeAll(open, [{ a: 5 }])
    expect(await schemaAt(path)).toEqual({ a: double })
    expect(await open.writer.prepareCommit(1)).toMatchObject([{ rows: 5 }, { kind: 'agreed' }])
  })

  test('for longer where the first leave something open', async () => {
    const path = await temporaryFolder()
    const sink = inferringSink(path, { rows: 2 })
    const open = await openWriter(sink)
    await writeAll(open, [{ a: [] }, { a: [] }])
    await writeAll(open, [{ a: [] }])
    await expect(schemaAt(path)).rejects.toThrow()
    await writeAll(open, [{ a: [1] }])
    await writeAll(open, [{ a: [2] }])
    const list = nullable({ type: 'list', of: int64 })
    expect(await schemaAt(path)).toEqual({ a: list })
  })

  test.each<[string, (open: SinkWriter<unknown>, telling: SinkWriter<unknown>) => Promise<readonly unknown[]>]>([
    [
      'are written when another subtask has fixed the schema meanwhile',
      async (open, telling) => [...(await telling.prepareCommit(1)), ...(await open.prepareCommit(1))],
    ],
    [
      'wait at a barrier for another subtask that is about to fix the schema',
      async (open, telling) => {
        const first = open.prepareCommit(1)
        return [...(await telling.prepareCommit(1)), ...(await first)]
      },
    ],
  ])('of which some leave something open %s', async (_, prepared) => {
    const path = await temporaryFolder()
    const sink = inferringSink(path)
    const [open, telling] = await Promise.all([0, 1].map((index) => openWriter(sink, { index, parallelism: 2 })))
    await writeAll(open!, [{ a: null }])
    await writeAll(telling!, [{ a: 'x' }])
    await (await committerOf(sink)).commit(await prepared(open!.writer, telling!.writer))
    expect(await duckdb(`select * from '${path}/*.parquet' order by a`)).toEqual([{ a: 'x' }, { a: null }])
  })

  test('in vain where all subtasks leave the same open: all say so', async () => {
    const sink = inferringSink(await temporaryFolder())
    const environment = hurriedEnvironment(100)
    const writers = await Promise.all([0, 1].map((index) => openWriter(sink, { index, parallelism: 2, environment })))
    for (const writer of writers) await writeAll(writer, [{ a: null }])
    const prepared = await Promise.allSettled(writers.map(({ writer }) => writer.prepareCommit(1)))
    const reason = expect.objectContaining({ code: 'SCHEMA_AMBIGUOUS' })
    expect(prepared).toEqual([1, 2].map(() => ({ status: 'rejected', reason })))
  })

  test('at a barrier no longer than to the end of the writer, which ends the waiting', async () => {
    const sink = inferringSink(await temporaryFolder())
    const waits = environmentThatWaits()
    const open = await openWriter(sink, { parallelism: 2, environment: waits.environment })
    await writeAll(open, [{ a: null }])
    const prepared = (async () => open.writer.prepareCommit(1))().catch((error: unknown) => error)
    await waits.begun
    await open.writer.close()
    expect(await prepared).toMatchObject({ code: 'SINK_CLOSED', retryable: true })
    expect(waits.underWay()).toBe(0)
  })

  test.each<[string, readonly object[]]>([
    ['in one column', [{ a: 1 }, { a: 'x' }]],
    [
      'beside others with nothing',
      [
        { a: 1, b: null },
        { a: 'x', b: null },
      ],
    ],
    ['inside of an object that leaves something open too', [{ a: { x: null, y: 1 } }, { a: { x: null, y: 'x' } }]],
  ])('for nobody at a barrier where there are values that do not go together: %s', async (_, rows) => {
    const sink = inferringSink(await temporaryFolder())
    const waits = environmentThatWaits()
    const open = await openWriter(sink, { parallelism: 2, environment: waits.environment })
    await writeAll(open, rows)
    const message = expect.stringContaining('whole numbers (1) and strings (1)')
    await expect(open.writer.prepareCommit(1)).rejects.toMatchObject({ code: 'SCHEMA_AMBIGUOUS', message })
    expect(waits.underWay()).toBe(0)
  })

  test('for nobody where there are too many: no barrier is on its way to others', async () => {
    const sink = inferringSink(await temporaryFolder(), {}, { bufferBytes: 20_000 })
    const waits = environmentThatWaits()
    const open = await openWriter(sink, { parallelism: 2, environment: waits.environment })
    const rows = Array.from({ length: 1000 }, () => ({ a: null }))
    open.writer.write(
      new Batch(
        rows,
        rows.map(() => 0),
      ),
      0,
    )
    await open.bell.wait()
    expect(() => open.writer.check?.()).toThrow(expect.objectContaining({ code: 'SCHEMA_AMBIGUOUS' }))
    expect(waits.underWay()).toBe(0)
  })

  test('up to the bytes that the sink may hold, and pushed back while they wait for room', async () => {
    const path = await temporaryFolder()
    const sink = inferringSink(path, { rows: 1_000_000 }, { bufferBytes: 20_000, rowGroupSize: 50 })
    const open = await openWriter(sink)
    const rows = Array.from({ length: 3000 }, (_, n) => ({ n, text: 'x'.repeat(100) }))
    let refusals = 0
    for (let from = 0; from < rows.length; from += 100) refusals += await writeAll(open, rows.slice(from, from + 100))
    expect(refusals).toBeGreaterThan(1)
    expect(await schemaAt(path)).toEqual({ n: int64, text: string })
    await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
    expect((await rowsIn(path)).map(({ n }) => Number(n))).toEqual(rows.map(({ n }) => n))
  })

  test('up to those bytes also where they are rows of no schema', async () => {
    const text = 'x'.repeat(1000)
    const open = await openWriter(inferringSink(await temporaryFolder(), {}, { bufferBytes: 20_000 }))
    const rows = Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? { text, none: () => n } : text))
    await expect(writeAll(open, rows)).rejects.toMatchObject({ code: 'ROW_INVALID' })
  })

  test('no longer than to the next checkpoint, also where that has to wait for room', async () => {
    const path = await temporaryFolder()
    const sink = inferringSink(path, {}, { bufferBytes: 100_000, rowGroupBytes: 1000, rowGroupSize: 10 })
    const open = await openWriter(sink)
    const rows = Array.from({ length: 400 }, (_, n) => ({ n, text: 'x'.repeat(150) }))
    await writeAll(open, rows)
    await (await committerOf(sink)).commit(await open.writer.prepareCommit(1))
    expect(await rowsIn(path)).toHaveLength(400)
  })

  test('by a writer that, closed while it agrees, has nothing going on when that is over', async () => {
    for (let round = 0; round < 5; round++) {
      const path = await temporaryFolder()
      const open = await openWriter(inferringSink(path, { rows: 1 }))
      await writeAll(open, [{ a: 1 }])
      await open.writer.close()
      const left = await readdir(path, { recursive: true })
      for (let turn = 0; turn < 20; turn++) await stat(path)
      expect(await readdir(path, { recursive: true })).toEqual(left)
    }
  })

  test('by a writer that, closed at a barrier while it agrees, writes nothing of them then', async () => {
    const path = await temporaryFolder()
    const open = await openWriter(inferringSink(path))
    await writeAll(open, [{ a: 1 }])
    const prepared = (async () => open.writer.prepareCommit(1))().catch((error: unknown) => error)
    await open.writer.close()
    const { count } = open.bell
    expect(await prepared).toMatchObject({ code: 'SINK_CLOSED', retryable: true })
    for (let turn = 0; turn < 20; turn++) await stat(path)
    expect(open.bell.count).toBe(count)
  })

  test('not at all before a checkpoint without rows', async () => {
    const path = await temporaryFolder()
    const open = await openWriter(inferringSink(path))
    expect(await open.writer.prepareCommit(1)).toEqual([])
    expect(open.writer.snapshot?.()).toEqual([])
    await expect(schemaAt(path)).rejects.toThrow()
  })
})
