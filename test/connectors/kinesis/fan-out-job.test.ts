import { ListStreamConsumersCommand } from '@aws-sdk/client-kinesis'
import { expect, test } from 'vitest'
import { millis } from '../../../core/duration.js'
import { seededRandom } from '../../../core/random.js'
import type { RunOptions } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { reshardedJob } from '../../runtime/fixture/resharded-job.js'
import { type Fixture, STREAM, startStream } from './fixture.js'
import { expectEachOnce, newSinks, Producer, reshardOnce, rowSource, started, until } from './resharded-run.js'

const FAN_OUT = { fanOut: { consumerName: 'job' } }

async function consumers({ client }: Fixture): Promise<number> {
  const StreamARN = `arn:aws:kinesis:us-east-1:000000000000:stream/${STREAM}`
  const { Consumers = [] } = await client.send(new ListStreamConsumersCommand({ StreamARN }))
  return Consumers.length
}

test('a job registers its consumer, keeps it when it is stopped, and gives it up when it has finished', async () => {
  const fixture = await startStream(2, { takeoverMs: 0, heartbeatMs: 20 })
  const producer = new Producer(fixture)
  const into = newSinks()
  const job = reshardedJob(rowSource(fixture, FAN_OUT), into)
  const options = { parallelism: 2, checkpoints: { to: memoryStore(), interval: millis(100), resume: true } }
  const first = await started(job, options)
  await producer.put(100)
  await until(() => into.seen.visible.length === producer.sent)
  expect(await consumers(fixture)).toBe(1)
  await first.stop()
  expect(await consumers(fixture)).toBe(1)
  const second = await started(job, options)
  await producer.put(100)
  await second.stop({ drain: 'atTip' })
  expectEachOnce(into, producer.sent)
  expect(await consumers(fixture)).toBe(0)
})

test.each([1, 2])(
  'random reshards, broken subscriptions, restarts with polling and with fan-out, run %i',
  async (round) => {
    const seed = (Number(process.env['TIDEMARK_SEED'] ?? 0) + round * 104_729) >>> 0
    const random = seededRandom(seed)
    const fixture = await startStream(2, { takeoverMs: 0, heartbeatMs: 20, random: seededRandom(seed + 1) })
    const { faults } = fixture.server
    faults.add({ operation: 'SubscribeToShard', rate: 0.2, fault: { kind: 'breakSubscription' } })
    faults.add({ operation: ['GetRecords', 'SubscribeToShard'], rate: 0.01, fault: { kind: 'throttle' } })
    const producer = new Producer(fixture)
    const into = newSinks()
    const checkpoints = { to: memoryStore(), interval: millis(100), resume: true }
    const restart = () => {
      const source = rowSource(fixture, random.next() < 0.6 ? FAN_OUT : {})
      const options: RunOptions = { parallelism: 1 + Math.floor(random.next() * 4), checkpoints }
      return started(reshardedJob(source, into), options)
    }
    let handle = await restart()
    for (let step = 0; step < 10; step++) {
      await producer.put(50 + Math.floor(random.next() * 100))
      await reshardOnce(fixture, random)
      if (random.next() < 0.3) await until(() => into.seen.visible.length === producer.sent)
      const choice = random.next()
      if (choice < 0.5) {
        await (choice < 0.25 ? handle.stop() : handle.cancel())
        handle = await restart()
      }
    }
    await producer.put(100)
    await handle.stop({ drain: 'atTip' })
    expectEachOnce(into, producer.sent)
  },
)
