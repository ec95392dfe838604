import { SplitShardCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import type { KinesisOptions } from '../../../connectors/kinesis/index.js'
import type { KinesisSplit } from '../../../connectors/kinesis/split.js'
import type { Environment } from '../../../core/environment.js'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import type { LocalKinesisOptions } from '../../servers/kinesis/index.js'
import {
  discover,
  errorOf,
  LABELS,
  openReader,
  textSource as pollingSource,
  put,
  readAll,
  STREAM,
  startStream as startServer,
} from './fixture.js'

const SHARD = 'shardId-000000000000'
const CONSUMER = 'job'

/** Without the seconds that a new subscription has to wait for an old one. */
function startStream(options: LocalKinesisOptions = {}) {
  return startServer(1, { takeoverMs: 0, heartbeatMs: 20, ...options })
}

function source(server: { readonly url: string }, options: Partial<KinesisOptions<string>> = {}) {
  return pollingSource(server, { fanOut: { consumerName: CONSUMER }, ...options } as never)
}

function texts(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

/** Long enough to be never, also where time runs faster. */
const NEVER_MS = 100_000_000

/** Backoff in a hundredth of its time; for sources whose calls time out after `NEVER_MS`. */
function hastyEnvironment(): Environment {
  const real = systemEnvironment()
  return { ...real, timers: { after: (ms, callback) => real.timers.after(ms / 100, callback) } }
}

/** Backoff for as long as it takes: until it is let go. */
function patientEnvironment() {
  const real = systemEnvironment()
  const waits = new Set<() => void>()
  const environment: Environment = {
    ...real,
    timers: {
      after(ms, callback) {
        if (ms > 10_000) return real.timers.after(ms, callback)
        waits.add(callback)
        return () => waits.delete(callback)
      },
    },
  }
  const letGo = (): void => {
    for (const callback of waits) {
      waits.delete(callback)
      callback()
    }
  }
  return { environment, letGo, isWaiting: () => waits.size > 0 }
}

describe.each(['1.1', '2'] as const)('over HTTP/%s', (httpVersion) => {
  test('a subscription brings what is there and then what comes', async () => {
    const { server, client } = await startStream()
    await put(client, texts(1200, 'before'))
    const pushed = source(server, { httpVersion })
    const { splits } = await discover(pushed)
    const open = await openReader(pushed, splits[0]!)
    const values = await open.until(() => open.reader.caughtUp)
    expect(values).toEqual(texts(1200, 'before'))
    const numbers = await put(client, texts(3, 'later'))
    expect(await open.until(() => open.reader.caughtUp && positionOf(open.reader) === numbers[2])).toEqual(
      texts(3, 'later'),
    )
    expect(open.metrics.read()).toMatchObject({ [`records${LABELS}`]: 1203, [`calls${LABELS}`]: 1 })
  })

  test('one subscription follows another from where it ended', async () => {
    const { server, client } = await startStream({ subscriptionMs: 40 })
    const pushed = source(server, { httpVersion })
    const { splits } = await discover(pushed)
    const open = await openReader(pushed, splits[0]!)
    const all: string[] = []
    const calls = () => open.metrics.read()[`calls${LABELS}`] ?? 0
    for (let round = 0; round < 4; round++) {
      const before = calls()
      const batch = texts(50, `${round}-`)
      const numbers = await put(client, batch)
      const isOver = () => positionOf(open.reader) === numbers.at(-1) && calls() > before
      all.push(...(await open.until(isOver)))
    }
    expect(all).toEqual([0, 1, 2, 3].flatMap((round) => texts(50, `${round}-`)))
  })

  test('a connection that breaks in the middle loses and doubles nothing', async () => {
    const { server, client } = await startStream()
    const breakSubscription = (afterEvents: number, ending: 'reset' | 'end' | { exception: string }) =>
      ({ kind: 'breakSubscription', afterEvents, ending }) as const
    const faults = [
      breakSubscription(1, 'reset'),
      breakSubscription(2, { exception: 'InternalFailureException' }),
      breakSubscription(1, { exception: 'KMSThrottlingException' }),
      breakSubscription(1, 'end'),
      breakSubscription(2, 'reset'),
    ]
    for (const [index, fault] of faults.entries()) server.faults.add({ nth: index + 1, fault })
    // Three events and more.
    const words = texts(3000, 'x'.repeat(900))
    await put(client, words)
    const pushed = source(server, { httpVersion, endAt: 'tip', callTimeoutMs: NEVER_MS })
    const { splits } = await discover(pushed)
    const open = await openReader(pushed, splits[0]!, { environment: hastyEnvironment() })
    expect(await open.until(() => false)).toEqual(words)
    expect(server.faults.injected()).toMatchObject({ breakSubscription: expect.any(Number) })
    expect(open.metrics.read()[`calls${LABELS}`]).toBeGreaterThan(2)
  })

  test('a reader that nobody polls holds no more than its buffer and one event, and goes on when its subscription is gone', async () => {
    const { server, client } = await startStream({ subscriptionMs: 300 })
    const words = texts(4000, 'x'.repeat(1000))
    const pushed = source(server, { httpVersion, bufferBytes: 1 })
    const { splits } = await discover(pushed)
    const open = await openReader(pushed, splits[0]!, { maxRecords: 100 })
    const numbers = await put(client, words)
    const held = () => open.metrics.read()[`bytes${LABELS}`] ?? 0
    await condition(() => held() > 0 && server.stats().subscriptions === 0)
    expect(held()).toBeLessThan(1.2 * 1024 * 1024)
    expect(open.reader.caughtUp).toBe(false)
    expect(await open.until(() => positionOf(open.reader) === numbers.at(-1))).toEqual(words)
  })
})

test('a shard that has ended is finished when everything of it was polled', async () => {
  const { server, client } = await startStream()
  await put(client, texts(100))
  const NewStartingHashKey = (1n << 127n).toString()
  await client.send(new SplitShardCommand({ StreamName: STREAM, ShardToSplit: SHARD, NewStartingHashKey }))
  const pushed = source(server)
  const { splits } = await discover(pushed)
  expect(await readAll(pushed, splits.find(({ id }) => id.endsWith(SHARD))!)).toEqual(texts(100))
})

test('polling and fan-out go on from each other, at any record', async () => {
  const { server, client } = await startStream()
  const words = texts(300)
  await put(client, words)
  const sources = [source(server), pollingSource(server)]
  const { splits } = await discover(sources[0]!)
  let split = splits[0]!
  const all: string[] = []
  for (let turn = 0; all.length < words.length; turn++) {
    const open = await openReader(sources[turn % 2]!, split, { maxRecords: 37 })
    all.push(...(await open.until(() => open.polled.length === 1)))
    split = open.reader.position()
    await open.reader.close()
  }
  expect(all).toEqual(words)
})

describe('reading to the tip', () => {
  test('ends with what is there, also when that is nothing', async () => {
    const { server, client } = await startStream()
    // Each decides where its tip is when it first looks.
    const [before, after] = [source(server, { endAt: 'tip' }), source(server, { endAt: 'tip' })]
    const { splits } = await discover(before)
    expect(await readAll(before, splits[0]!)).toEqual([])
    await put(client, ['a', 'b'])
    const found = await discover(after)
    expect(await readAll(after, found.splits[0]!)).toEqual(['a', 'b'])
  })

  test('a drain ends an unbounded shard behind what is there, however long ago it was told something', async () => {
    const { server, client } = await startStream({ heartbeatMs: 600_000 })
    const pushed = source(server)
    const { splits } = await discover(pushed)
    const open = await openReader(pushed, splits[0]!)
    await open.until(() => open.reader.caughtUp)
    await put(client, ['a', 'b'])
    open.reader.endAtTip?.()
    expect(await open.until(() => false)).toEqual(['a', 'b'])
    expect(open.reader.finished).toBe(true)
  })
})

describe('a subscription is one for each consumer and shard', () => {
  test('after a restart the new reader waits for the old subscription to end', async () => {
    const { server, client } = await startStream({ takeoverMs: 300 })
    await put(client, ['a'])
    const pushed = source(server)
    const { splits } = await discover(pushed)
    const before = await openReader(pushed, splits[0]!)
    expect(await before.until(() => before.polled.length === 1)).toEqual(['a'])
    await before.reader.close()
    const after = await openReader(pushed, before.reader.position())
    await put(client, ['b'])
    expect(await after.until(() => after.polled.length === 1)).toEqual(['b'])
    expect(after.warnings).toEqual([])
  })

  test('a reader whose subscription was taken over takes it back, and misses nothing', async () => {
    const { server, client } = await startStream()
    const pushed = source(server)
    const { splits } = await discover(pushed)
    const { environment, letGo, isWaiting } = patientEnvironment()
    const first = await openReader(pushed, splits[0]!, { environment })
    await first.until(() => first.reader.caughtUp)
    const second = await openReader(pushed, splits[0]!)
    await second.until(() => second.reader.caughtUp)
    await condition(isWaiting)
    expect(first.reader.caughtUp).toBe(false)
    await second.reader.close()
    await put(client, ['a', 'b'])
    letGo()
    expect(await first.until(() => first.polled.length > 0)).toEqual(['a', 'b'])
  })

  test('one that is taken over again and again stops, and says that the consumer is shared', async () => {
    const { server } = await startStream()
    server.faults.add({ fault: { kind: 'breakSubscription', ending: { exception: 'ResourceInUseException' } } })
    const pushed = source(server, { callTimeoutMs: NEVER_MS })
    const { splits } = await discover(pushed)
    const open = await openReader(pushed, splits[0]!, { environment: hastyEnvironment() })
    expect(await errorOf(open.until(() => false))).toMatchObject({
      code: 'KINESIS_IN_USE',
      retryable: true,
      location: expect.stringContaining(SHARD),
      message: expect.stringContaining('a consumer of its own'),
    })
  })
})

test('subscribing is throttled, refused, unanswered: it is tried again, and counted', async () => {
  const { server, client } = await startStream()
  await put(client, texts(10))
  const kinds = ['throttle', 'unavailable', 'resetBefore', 'replyLost', 'expiredCredentials'] as const
  for (const [index, kind] of kinds.entries()) {
    server.faults.add({ operation: 'SubscribeToShard', nth: index + 1, fault: { kind } })
  }
  const pushed = source(server, { endAt: 'tip', callTimeoutMs: NEVER_MS })
  const { splits } = await discover(pushed)
  const open = await openReader(pushed, splits[0]!, { environment: hastyEnvironment() })
  expect(await open.until(() => false)).toEqual(texts(10))
  expect(open.metrics.read()).toMatchObject({ [`throttles${LABELS}`]: 1, [`retries${LABELS}`]: 4 })
})

test('a subscription that says nothing for too long is given up for another', async () => {
  const { server, client } = await startStream({ heartbeatMs: 600_000 })
  const pushed = source(server, { callTimeoutMs: 500 })
  const { splits } = await discover(pushed)
  const open = await openReader(pushed, splits[0]!)
  await open.until(() => (open.metrics.read()[`calls${LABELS}`] ?? 0) > 1)
  await put(client, ['a'])
  expect(await open.until(() => open.polled.length === 1)).toEqual(['a'])
})

test('a position past retention stops the job and names the gap; where that is asked for it goes on', async () => {
  const real = systemEnvironment()
  let nowMs = Date.UTC(2026, 0, 5)
  const environment = { ...real, clock: { now: () => nowMs, monotonic: real.clock.monotonic } }
  const { server, client } = await startStream({ environment })
  await put(client, ['a', 'b'])
  const pushed = source(server)
  const { splits } = await discover(pushed, { environment })
  const before = await openReader(pushed, splits[0]!, { environment, maxRecords: 1 })
  await before.until(() => before.polled.length === 1)
  const split = before.reader.position()
  await before.reader.close()
  nowMs += 25 * 3_600_000
  await put(client, ['c'])
  const failing = await openReader(pushed, split, { environment })
  expect(await errorOf(failing.until(() => false))).toMatchObject({ code: 'KINESIS_POSITION_EXPIRED' })
  const going = await openReader(source(server, { onTrimmed: 'continue' }), split, { environment })
  expect(await going.until(() => going.polled.length === 1)).toEqual(['c'])
  expect(going.warnings.join()).toContain('may be lost')
})

test('a sequence number that the stream does not have is refused in its words', async () => {
  const { server } = await startStream()
  const pushed = source(server, { startAt: { shards: { [SHARD]: { after: '1' } } } })
  const { splits } = await discover(pushed)
  const open = await openReader(pushed, splits[0]!)
  expect(await errorOf(open.until(() => false))).toMatchObject({
    code: 'KINESIS_REQUEST_INVALID',
    message: expect.stringContaining('StartingSequenceNumber 1'),
  })
})

test('access denied stops the reader at once', async () => {
  const { server } = await startStream()
  server.faults.add({ operation: 'SubscribeToShard', fault: { kind: 'accessDenied' } })
  const pushed = source(server)
  const { splits } = await discover(pushed)
  const open = await openReader(pushed, splits[0]!)
  expect(await errorOf(open.until(() => false))).toMatchObject({ code: 'KINESIS_ACCESS_DENIED' })
  expect(open.metrics.read()).toMatchObject({ [`calls${LABELS}`]: 1 })
})

function positionOf(reader: { position(): unknown }): string | undefined {
  const { position } = reader.position() as KinesisSplit
  return position.kind === 'after' ? position.sequenceNumber : undefined
}

async function condition(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
