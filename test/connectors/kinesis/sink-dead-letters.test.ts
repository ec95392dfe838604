import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { filter, firstValueFrom } from 'rxjs'
import { expect, test } from 'vitest'
import { collectInto } from '../../../connectors/collection/index.js'
import { deadLetterLines, fileSink } from '../../../connectors/file/index.js'
import { jsonBytes } from '../../../connectors/kinesis/index.js'
import type { DeadLetter, Sink, Source } from '../../../core/connector.js'
import { defineJob } from '../../../core/job/job.js'
import { run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import { temporaryFolder } from '../file/support.js'
import { errorOf, startStream } from './fixture.js'
import { batchOf, hurriedEnvironment, openWriter, type Row, rowSink, rowsIn, rowsOf, storedIn } from './sink-fixture.js'

function jobOf(source: ScriptedSource, sink: Sink<Row>) {
  return defineJob('copy', (job) => {
    // A script holds whatever it is given.
    job.from('rows', source as Source<unknown> as Source<Row>).to('out', sink)
  })
}

const BAD: readonly (readonly [string, object, string, string])[] = [
  ['too large', { encode: () => 'x'.repeat(1024 * 1024) }, 'KINESIS_RECORD_TOO_LARGE', '1048581 bytes'],
  ['an empty key', { partitionKey: () => '' }, 'KINESIS_KEY_INVALID', '1 to 256'],
  ['a key that is too long', { partitionKey: () => 'é'.repeat(257) }, 'KINESIS_KEY_INVALID', '1 to 256'],
  ['half a character as key', { partitionKey: () => '\ud800' }, 'KINESIS_KEY_INVALID', 'surrogate'],
  ['a key that is none', { partitionKey: () => null }, 'KINESIS_KEY_INVALID', 'gave null'],
  ['a hash key out of range', { explicitHashKey: () => 1n << 128n }, 'KINESIS_KEY_INVALID', '2^128 - 1'],
  ['a hash key that is none', { explicitHashKey: () => '0x1' }, 'KINESIS_KEY_INVALID', 'explicitHashKey'],
  ['no bytes', { encode: () => 7 }, 'ROW_INVALID', 'encode gave number'],
  ['no JSON form', { encode: () => jsonBytes()({ n: 1n }) }, 'ROW_INVALID', 'no JSON form'],
  [
    'an encoder that throws',
    {
      encode: () => {
        throw new Error('out of ink')
      },
    },
    'USER_FUNCTION_FAILED',
    'out of ink',
  ],
]

test.each(BAD)('%s fails the job by default', async (_, options, code, message) => {
  const { server } = await startStream()
  const { writer, metrics } = await openWriter(rowSink(server, options))
  const failed = await errorOf((async () => writer.write(batchOf(rowsOf(1)), 0))())
  expect(failed).toMatchObject({ code, operatorId: 'out', message: expect.stringContaining(message) })
  expect(metrics.instruments().counters).toContainEqual({ name: 'rejectedRows', labels: { code }, value: 1 })
})

test.each(BAD)('%s becomes a dead letter where there is a sink for them', async (_, options, code, message) => {
  const { server, client } = await startStream()
  const letters: DeadLetter[] = []
  const good = { partitionKey: (row: Row) => row.key, encode: (row: Row) => JSON.stringify(row) }
  // The second row alone is bad.
  const mixed = Object.fromEntries(
    Object.entries({ ...good, ...options }).map(([name, bad]) => [
      name,
      (row: Row) => (row.n === 1 ? bad(row) : good[name as keyof typeof good]?.(row)),
    ]),
  )
  const source = new ScriptedSource([rowsOf(3)])
  source.end()
  const sink = rowSink(server, { ...mixed, onRejected: { deadLetters: collectInto(letters) } })
  const handle = await run(jobOf(source, sink), { checkpoints: { to: memoryStore() } })
  await handle.result
  expect(rowsIn(await storedIn(client)).map(({ n }) => n)).toEqual([0, 2])
  expect(letters).toHaveLength(1)
  expect(letters[0]).toMatchObject({
    operatorId: 'out',
    split: 'split-0',
    offset: '1',
    code,
    message: expect.stringContaining(message),
  })
  // What was to be written, or the row itself where it could not be encoded.
  expect(letters[0]?.raw.length).toBeGreaterThan(10)
})

test.each(BAD)("%s is left out and counted under 'skip'", async (_, options, code) => {
  const { server, client } = await startStream()
  const { writer, writeAll, metrics } = await openWriter(rowSink(server, { ...options, onRejected: 'skip' }))
  await writeAll(rowsOf(2))
  await writer.prepareCommit(1)
  expect(metrics.instruments().counters).toContainEqual({ name: 'rejectedRows', labels: { code }, value: 2 })
  expect(await storedIn(client)).toEqual([])
})

test('a dead letter has the keys that put the row where it belongs, as far as they are known', async () => {
  const { server } = await startStream()
  const letters: DeadLetter[] = []
  const sink = rowSink(server, {
    encode: (row) => (row.n === 0 ? 'x'.repeat(1024 * 1024) : 'y'),
    partitionKey: (row) => (row.n === 1 ? '' : row.key),
    explicitHashKey: (row) => (row.n === 2 ? -1n : 77n),
    onRejected: { deadLetters: collectInto(letters) },
  })
  const source = new ScriptedSource([rowsOf(3)])
  source.end()
  await (await run(jobOf(source, sink), { checkpoints: { to: memoryStore() } })).result
  const rest = { isPart: false, arrivedAt: undefined, rejectedAt: expect.any(Number) }
  expect(letters).toMatchObject([
    { code: 'KINESIS_RECORD_TOO_LARGE', partitionKey: 'key-0', explicitHashKey: '77', ...rest },
    { code: 'KINESIS_KEY_INVALID', partitionKey: undefined, explicitHashKey: undefined, ...rest },
    { code: 'KINESIS_KEY_INVALID', partitionKey: 'key-2', explicitHashKey: undefined, ...rest },
  ])
})

test('a key of 256 characters is one, whatever its bytes', async () => {
  const { server, client } = await startStream()
  const partitionKey = '𝄞'.repeat(256)
  const { writer, writeAll } = await openWriter(rowSink(server, { partitionKey: () => partitionKey }))
  await writeAll(rowsOf(1))
  await writer.prepareCommit(1)
  expect((await storedIn(client))[0]?.partitionKey).toBe(partitionKey)
})

test('an async encoder is refused, whatever is to become of bad rows', async () => {
  const { server } = await startStream()
  const options = { encode: async () => 'x', onRejected: { deadLetters: collectInto([]) } } as object
  const { writer } = await openWriter(rowSink(server, options))
  expect(await errorOf((async () => writer.write(batchOf(rowsOf(1)), 0))())).toMatchObject({
    code: 'USER_FUNCTION_RETURNED_PROMISE',
  })
})

test('dead letters in files are exactly once, also when the job fails and is resumed', async () => {
  const { server } = await startStream()
  const folder = await temporaryFolder()
  const to = memoryStore()
  const sink = rowSink(server, {
    partitionKey: (row) => (row.n % 10 === 3 ? '' : row.key),
    onRejected: { deadLetters: fileSink({ path: folder, format: deadLetterLines() }) },
  })
  const source = new ScriptedSource([[]])
  const first = await run(jobOf(source, sink), { environment: hurriedEnvironment(), checkpoints: { to } })
  source.push(rowsOf(50))
  await firstValueFrom(first.status$.pipe(filter((status) => status === 'running')))
  await first.checkpoint()
  source.push(rowsOf(100).slice(50))
  await first.cancel()
  source.end()
  const second = await run(jobOf(source, sink), {
    environment: hurriedEnvironment(),
    checkpoints: { to, resume: true },
  })
  await second.result
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const letters = texts.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line))
  const rows = letters.map(({ raw }) => JSON.parse(Buffer.from(raw, 'base64').toString()))
  const numbers = [3, 13, 23, 33, 43, 53, 63, 73, 83, 93]
  expect(rows.map(({ n }) => n).sort((a, b) => a - b)).toEqual(numbers)
  expect(letters.map(({ offset }) => Number(offset)).sort((a, b) => a - b)).toEqual(numbers)
})

test('a sink of dead letters that is full holds up the rows behind them, and loses none', async () => {
  const { server, client } = await startStream()
  const taken: DeadLetter[] = []
  const slow: Sink<DeadLetter> = {
    kind: 'slow',
    guarantee: 'at-least-once',
    write: ({ wake }) => {
      let room = 1
      return {
        write(batch, from) {
          if (room === 0) return from
          room = 0
          taken.push(batch.values[from]!)
          setImmediate(() => {
            room = 1
            wake()
          })
          return from + 1
        },
        prepareCommit: () => [],
        close: () => undefined,
      }
    },
  }
  const sink = rowSink(server, {
    partitionKey: (row) => (row.n % 2 === 0 ? '' : row.key),
    onRejected: { deadLetters: slow },
  })
  const { writer, writeAll } = await openWriter(sink)
  await writeAll(rowsOf(40))
  await writeAll(rowsOf(40))
  await writer.prepareCommit(1)
  expect(taken).toHaveLength(40)
  expect(await storedIn(client)).toHaveLength(40)
})
