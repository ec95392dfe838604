import { describe, expect, test } from 'vitest'
import { createStream, errorOf, get, iterator, manualClock, put, START_MS, start, texts, textsOf } from './fixture.js'

const StreamName = 'taxi'

describe('iterators', () => {
  test('TRIM_HORIZON begins with the oldest record', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    await put(client, StreamName, ['a', 'b'])
    expect(await texts(client, await iterator(client, { StreamName, ShardIteratorType: 'TRIM_HORIZON' }))).toEqual([
      'a',
      'b',
    ])
  })

  test('LATEST begins with what is put after the iterator was made', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    await put(client, StreamName, ['before'])
    const latest = await iterator(client, { StreamName, ShardIteratorType: 'LATEST' })
    const empty = await get(client, latest)
    expect(textsOf(empty)).toEqual([])
    await put(client, StreamName, ['after'])
    expect(await texts(client, latest)).toEqual(['after'])
    expect(await texts(client, empty.NextShardIterator ?? '')).toEqual(['after'])
  })

  test('AT and AFTER a sequence number include and exclude its record', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    const numbers = await put(client, StreamName, ['a', 'b', 'c', 'd'])
    const from = async (ShardIteratorType: 'AT_SEQUENCE_NUMBER' | 'AFTER_SEQUENCE_NUMBER', index: number) =>
      texts(client, await iterator(client, { StreamName, ShardIteratorType, StartingSequenceNumber: numbers[index] }))
    expect(await from('AT_SEQUENCE_NUMBER', 1)).toEqual(['b', 'c', 'd'])
    expect(await from('AFTER_SEQUENCE_NUMBER', 1)).toEqual(['c', 'd'])
    expect(await from('AT_SEQUENCE_NUMBER', 3)).toEqual(['d'])
    expect(await from('AFTER_SEQUENCE_NUMBER', 3)).toEqual([])
  })

  test('the starting number of a shard is a position before its first record', async () => {
    const { client } = await start()
    const [shard] = await createStream(client, StreamName, 1)
    await put(client, StreamName, ['a'])
    for (const ShardIteratorType of ['AT_SEQUENCE_NUMBER', 'AFTER_SEQUENCE_NUMBER'] as const) {
      const StartingSequenceNumber = shard?.SequenceNumberRange?.StartingSequenceNumber
      const from = await iterator(client, { StreamName, ShardIteratorType, StartingSequenceNumber })
      expect(await texts(client, from)).toEqual(['a'])
    }
  })

  test('AT_TIMESTAMP begins with the first record that arrived then or later', async () => {
    const clock = manualClock()
    const { client } = await start({ environment: clock.environment })
    await createStream(client, StreamName, 1)
    for (const text of ['at 0', 'at 1000', 'at 2000']) {
      await put(client, StreamName, [text])
      clock.nowMs += 1000
    }
    const from = async (offsetMs: number) =>
      texts(
        client,
        await iterator(client, {
          StreamName,
          ShardIteratorType: 'AT_TIMESTAMP',
          Timestamp: new Date(START_MS + offsetMs),
        }),
      )
    expect(await from(-1)).toEqual(['at 0', 'at 1000', 'at 2000'])
    expect(await from(0)).toEqual(['at 0', 'at 1000', 'at 2000'])
    expect(await from(1)).toEqual(['at 1000', 'at 2000'])
    expect(await from(1000)).toEqual(['at 1000', 'at 2000'])
    expect(await from(2001)).toEqual([])
    const { name } = await errorOf(from(3001))
    expect(name).toBe('InvalidArgumentException')
  })

  test('AT_TIMESTAMP behind the newest record gives what is put next', async () => {
    const clock = manualClock()
    const { client } = await start({ environment: clock.environment })
    await createStream(client, StreamName, 1)
    await put(client, StreamName, ['old'])
    clock.nowMs += 10
    const now = { StreamName, ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(clock.nowMs) } as const
    const from = await iterator(client, now)
    await put(client, StreamName, ['new'])
    expect(await texts(client, from)).toEqual(['new'])
  })

  test('a clock that jumps back does not hide records from AT_TIMESTAMP', async () => {
    const clock = manualClock()
    const { client } = await start({ environment: clock.environment })
    await createStream(client, StreamName, 1)
    await put(client, StreamName, ['first'])
    clock.nowMs -= 5000
    await put(client, StreamName, ['second'])
    clock.nowMs += 10_000
    const Timestamp = new Date(START_MS)
    expect(
      await texts(client, await iterator(client, { StreamName, ShardIteratorType: 'AT_TIMESTAMP', Timestamp })),
    ).toEqual(['first', 'second'])
  })

  test('an iterator lives five minutes', async () => {
    const clock = manualClock()
    const { client } = await start({ environment: clock.environment })
    await createStream(client, StreamName, 1)
    const old = await iterator(client, { StreamName })
    clock.nowMs += 300_000
    const { NextShardIterator } = await get(client, old)
    clock.nowMs += 1
    const { name, message } = await errorOf(get(client, old))
    expect(name).toBe('ExpiredIteratorException')
    expect(message).toContain('Iterator expired. The iterator was created at time Mon, 05 Jan 2026 12:00:00 GMT')
    expect((await get(client, NextShardIterator ?? '')).Records).toEqual([])
  })

  test('an iterator of another server or one that was changed is refused', async () => {
    const { client } = await start()
    const other = await start()
    for (const each of [client, other.client]) await createStream(each, StreamName, 1)
    const mine = await iterator(client, { StreamName })
    const changed = (mine[40] === 'A' ? 'B' : 'A') + mine.slice(1)
    for (const bad of [changed, mine.slice(0, -4), 'garbage', '!', await iterator(other.client, { StreamName })]) {
      expect(await errorOf(get(client, bad))).toEqual({
        name: 'InvalidArgumentException',
        message: 'Invalid ShardIterator.',
      })
    }
    expect((await errorOf(get(client, 'x'.repeat(513)))).name).toBe('ValidationException')
  })

  test('the iterator of a stream with the longest name still fits', async () => {
    const { client } = await start()
    const longest = 'n'.repeat(128)
    await createStream(client, longest, 1)
    const from = await iterator(client, { StreamName: longest })
    expect(from.length).toBeLessThanOrEqual(512)
    expect(await texts(client, from)).toEqual([])
  })

  test('arguments that do not go together are refused', async () => {
    const { client } = await start()
    const shards = await createStream(client, StreamName, 2)
    const [number] = await put(client, StreamName, ['a'], 'a')
    const other = shards[1]?.SequenceNumberRange?.StartingSequenceNumber
    const refused = [
      [{ ShardIteratorType: 'TRIM_HORIZON', StartingSequenceNumber: number }, 'InvalidArgumentException'],
      [{ ShardIteratorType: 'LATEST', StartingSequenceNumber: number }, 'InvalidArgumentException'],
      [{ ShardIteratorType: 'AT_SEQUENCE_NUMBER' }, 'InvalidArgumentException'],
      [{ ShardIteratorType: 'AT_TIMESTAMP' }, 'InvalidArgumentException'],
      [{ ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: other }, 'InvalidArgumentException'],
      [{ ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: '5' }, 'InvalidArgumentException'],
      [{ ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: 'five' }, 'ValidationException'],
      [{ ShardIteratorType: 'SOMEWHERE' as 'LATEST' }, 'ValidationException'],
      [{ ShardId: 'shardId-000000000002' }, 'ResourceNotFoundException'],
      [{ StreamName: 'nowhere' }, 'ResourceNotFoundException'],
    ] as const
    for (const [input, error] of refused) {
      expect([input, (await errorOf(iterator(client, { StreamName, ...input }))).name]).toEqual([input, error])
    }
  })

  test('a number that was not given out yet is refused', async () => {
    const { client } = await start()
    await createStream(client, StreamName, 1)
    const [number] = await put(client, StreamName, ['a'])
    const future = (BigInt(number ?? 0) + 5_000_000n).toString()
    const at = iterator(client, { StreamName, ShardIteratorType: 'AT_SEQUENCE_NUMBER', StartingSequenceNumber: future })
    expect((await errorOf(at)).name).toBe('InvalidArgumentException')
  })
})
