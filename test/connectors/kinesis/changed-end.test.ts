import { SplitShardCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import { collectInto } from '../../../connectors/collection/index.js'
import type { KinesisEnd } from '../../../connectors/kinesis/index.js'
import type { StreamState } from '../../../connectors/kinesis/shard-list.js'
import type { KinesisSplit } from '../../../connectors/kinesis/split.js'
import type { Source, Split } from '../../../core/connector.js'
import { defineJob, millis, noWatermarks } from '../../../core/index.js'
import { noRestart } from '../../../runtime/coordinator/restart-strategy.js'
import { run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { discover, engineContext, errorOf, openReader, put, STREAM, startStream, textSource } from './fixture.js'

/** Reads so many records of a split, and gives the position behind them as a checkpoint has it. */
async function readSome(source: Source<string>, split: Split, count: number) {
  const open = await openReader(source, split, { maxRecords: 1 })
  await open.until(() => open.polled.length >= count)
  const position = structuredClone(open.reader.position())
  await open.reader.close()
  return { position, values: open.polled.flatMap(({ values }) => values) }
}

async function rest(source: Source<string>, split: Split): Promise<readonly string[]> {
  return (await openReader(source, split)).until(() => false)
}

describe('a shard of a checkpoint without an end', () => {
  async function checkpoint(texts: readonly string[], read: number) {
    const stream = await startStream()
    const numbers = await put(stream.client, texts)
    const source = textSource(stream.server)
    const { splits, enumerator } = await discover(source)
    const { position } = await readSome(source, splits[0]!, read)
    const shard = stream.shards[0]!.ShardId!
    return { ...stream, numbers, position, shard, restored: structuredClone(enumerator.snapshot?.()) }
  }

  test('ends at the tip of the start that asks for it', async () => {
    const { server, client, position } = await checkpoint(['a', 'b', 'c'], 2)
    await put(client, ['d'])
    expect(await rest(textSource(server, { endAt: 'tip' }), position)).toEqual(['c', 'd'])
  })

  test('keeps that end over a failure', async () => {
    const { server, position } = await checkpoint(['a', 'b', 'c'], 1)
    const source = textSource(server, { endAt: 'tip' })
    const { position: after } = await readSome(source, position, 1)
    const { endsAt } = after as KinesisSplit
    expect(endsAt).toEqual(expect.any(Number))
    const again = await readSome(source, after, 1)
    expect(again.position).toMatchObject({ endsAt, endsAtTip: true })
  })

  test('ends at the time or the position that is asked for now, also where it has been read further', async () => {
    const { server, numbers, position, shard } = await checkpoint(['a', 'b', 'c', 'd'], 2)
    const ends: readonly [KinesisEnd, readonly string[]][] = [
      [{ timestamp: Date.now() }, ['c', 'd']],
      [{ shards: { [shard]: { after: numbers[2]! } } }, ['c']],
      [{ shards: { [shard]: { at: numbers[2]! } } }, []],
      [{ shards: { [shard]: { after: numbers[0]! } } }, []],
      [{ shards: {} }, ['c', 'd']],
    ]
    for (const [endAt, expected] of ends) expect(await rest(textSource(server, { endAt }), position)).toEqual(expected)
  })

  test('that is found later has the end of then, not of the first start', async () => {
    const { server, client, restored, position } = await checkpoint(['a'], 1)
    await client.send(
      new SplitShardCommand({
        StreamName: STREAM,
        ShardToSplit: 'shardId-000000000000',
        NewStartingHashKey: `${1n << 127n}`,
      }),
    )
    await put(client, ['b', 'c'])
    const source = textSource(server, { endAt: 'tip' })
    const [stream] = (restored as { streams: readonly [StreamState] }).streams
    const { earliest, latest } = stream.firstStart
    const longAgo = { earliest: earliest - 3_600_000, latest: latest - 3_600_000 }
    const of = { restored: { streams: [{ ...stream, firstStart: longAgo }] } }
    const enumerator = source.enumerate(engineContext(of).context)
    const children = await enumerator.discover(new Set([position.id]))
    expect(children).toHaveLength(2)
    const values = await Promise.all(children.map((child) => rest(source, child)))
    expect(values.flat().sort()).toEqual(['b', 'c'])
    expect(enumerator.snapshot?.()).toMatchObject({ streams: [{ end: { asked: 'tip' } }] })
  })
})

describe('a checkpoint with an end', () => {
  const discoverWith = async (server: { readonly url: string }, endAt: KinesisEnd | undefined, restored?: unknown) =>
    textSource(server, endAt && { endAt }).enumerate(engineContext({ restored }).context)

  test.each<readonly [string, KinesisEnd | undefined]>([
    ['none', undefined],
    ['another one', { timestamp: 5 }],
  ])('is refused by a job that asks for %s: what ended is not read on', async (_name, endAt) => {
    const { server } = await startStream()
    const first = await discoverWith(server, 'tip')
    await first.discover(new Set())
    const restored = structuredClone(first.snapshot?.())
    const second = await discoverWith(server, endAt, restored)
    expect(await errorOf(second.discover(new Set()))).toMatchObject({
      code: 'KINESIS_END_CHANGED',
      message: expect.stringMatching(/not read on: start another job/),
    })
  })

  test('is taken by one that asks for the same, however it is written', async () => {
    const { server } = await startStream()
    const first = await discoverWith(server, { timestamp: new Date(1000) })
    const splits = await first.discover(new Set())
    const restored = structuredClone(first.snapshot?.())
    const second = await discoverWith(server, { timestamp: 1000 }, restored)
    expect(await second.discover(new Set(splits.map(({ id }) => id)))).toEqual([])
  })
})

test('a job that was started without an end, and goes on with one, finishes', { timeout: 30_000 }, async () => {
  const { server, client } = await startStream(2)
  const texts = Array.from({ length: 50 }, (_, n) => `record-${n}`)
  await put(client, texts.slice(0, 30))
  const rows: string[] = []
  const jobOf = (endAt?: KinesisEnd) =>
    defineJob('follow', (job) => {
      job
        .from('events', textSource(server, endAt && { endAt }), noWatermarks())
        .map((text) => text)
        .to('rows', collectInto(rows))
    })
  const checkpoints = { to: memoryStore(), resume: true, interval: millis(20) }
  const following = await run(jobOf(), { checkpoints, restart: noRestart() })
  while (rows.length < 30) await new Promise((resolve) => setImmediate(resolve))
  await following.stop()
  await put(client, texts.slice(30))
  const last = await run(jobOf('tip'), { checkpoints, restart: noRestart() })
  expect(await last.result).toMatchObject({ status: 'finished' })
  expect([...rows].sort()).toEqual([...texts].sort())
})
