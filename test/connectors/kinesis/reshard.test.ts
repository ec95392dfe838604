import { expect, test } from 'vitest'
import { millis, seconds } from '../../../core/duration.js'
import { seededRandom } from '../../../core/random.js'
import type { RunOptions } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { reshardedJob } from '../../runtime/fixture/resharded-job.js'
import { startStream } from './fixture.js'
import { expectEachOnce, newSinks, Producer, reshardOnce, rowSource, started, until } from './resharded-run.js'
import { mergeShards, openShards, splitShard } from './resharding.js'

test('two splits and a merge while the job reads: each record once, in the order of its key, none late', async () => {
  const fixture = await startStream(1)
  const producer = new Producer(fixture)
  const into = newSinks()
  const handle = await started(reshardedJob(rowSource(fixture), into), { parallelism: 2 })
  await producer.put(200)
  await splitShard(fixture.client, (await openShards(fixture.client))[0]!)
  await producer.put(200)
  await splitShard(fixture.client, (await openShards(fixture.client))[1]!)
  await producer.put(200)
  const [, left, right] = await openShards(fixture.client)
  await mergeShards(fixture.client, [left!, right!])
  await producer.put(200)
  await handle.stop({ drain: 'atTip' })
  expectEachOnce(into, producer.sent)
})

test.each([1, 2, 3])('random reshards, checkpoints, failures and other parallelisms, run %i', async (round) => {
  const seed = (Number(process.env['TIDEMARK_SEED'] ?? 0) + round * 7919) >>> 0
  const random = seededRandom(seed)
  const fixture = await startStream(2)
  const producer = new Producer(fixture)
  const into = newSinks()
  const job = reshardedJob(rowSource(fixture), into)
  const store = memoryStore()
  const checkpoints = { to: store, interval: millis(100), resume: true }
  const options = (): RunOptions => ({ parallelism: 1 + Math.floor(random.next() * 4), checkpoints })
  let handle = await started(job, options())
  for (let step = 0; step < 12; step++) {
    await producer.put(50 + Math.floor(random.next() * 100))
    await reshardOnce(fixture, random)
    if (random.next() < 0.3) await until(() => into.seen.visible.length === producer.sent)
    const choice = random.next()
    if (choice < 0.2) await handle.checkpoint()
    else if (choice < 0.35) {
      await handle.stop()
      handle = await started(job, options())
    } else if (choice < 0.5) {
      await handle.cancel()
      handle = await started(job, options())
    }
  }
  await producer.put(100)
  await handle.stop({ drain: 'atTip' })
  expectEachOnce(into, producer.sent)
})

test('a stream that was resharded before the start is read to the tip, parents first', async () => {
  const fixture = await startStream(2)
  const producer = new Producer(fixture)
  const random = seededRandom(5)
  for (let step = 0; step < 10; step++) {
    await producer.put(60)
    await reshardOnce(fixture, random)
  }
  await producer.put(60)
  for (const parallelism of [1, 3]) {
    const into = newSinks()
    const job = reshardedJob(rowSource(fixture, { endAt: 'tip' }), into)
    const handle = await started(job, { parallelism, checkpoints: { interval: seconds(3600) } })
    expect((await handle.result).status).toBe('finished')
    expectEachOnce(into, producer.sent)
  }
})
