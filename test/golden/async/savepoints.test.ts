import { join } from 'node:path'
import { hours, millis } from 'tidemark'
import { fixedDelay } from 'tidemark/run'
import { describe, expect, it, vi } from 'vitest'
import { folderOfTest } from '../folder.js'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import { expectEachOnce } from './each-once.js'
import { CAPACITY } from './job.js'
import { startPart } from './run-job.js'
import { startService } from './service.js'

const ORDERS = 420
const random = choices(SEED)

const states = ['heap', 'disk'] as const
const CASES = (IS_WHOLE ? Array.from({ length: 10 }).flatMap(() => states) : [random.one(states)]).map((state) => ({
  state,
  isOrdered: random.one([true, false]),
  seed: random.between(1, 1_000_000),
  before: random.between(1, 3),
  after: random.between(1, 5),
  // So that several batches have gone through before.
  hushAt: random.between(60, 150),
}))

describe(`a savepoint with a full queue (seed ${SEED})`, () => {
  it.each(CASES)(
    'while the service says nothing, from parallelism $before to $after: each record has one result, $state, ordered: $isOrdered (#$seed)',
    { timeout: 120_000 },
    async ({ state, isOrdered, seed, before, after, hushAt }) => {
      const folder = await folderOfTest('async')
      const service = await startService(seed)
      const out = join(folder, 'out')
      const savepoint = join(folder, 'savepoint')
      // What times out while the service says nothing has its result by that, and others take its place in the queue.
      const part = { out, url: service.url, isOrdered, count: ORDERS, pauseMs: 1, timeoutMs: 700 }
      const options = (name: string) => ({
        state,
        restart: fixedDelay({ attempts: 1, delay: millis(1) }),
        // The savepoint is the only one: each lets more of the input in, and an input that has ended waits for its last result.
        checkpoints: { to: join(folder, name), interval: hours(1) },
      })
      const first = await startPart({
        ...part,
        options: { ...options('first'), parallelism: before },
      })
      const waitFor = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 60_000, interval: 5 })
      await waitFor(() => service.calls.size >= hushAt)
      service.hush()
      // A full queue of one subtask at least: no more records are called for.
      await waitFor(() => service.held >= CAPACITY - 2)
      expect(await first.stop({ savepoint })).toMatchObject({ status: 'stopped' })
      service.speak()
      const second = await startPart({
        ...part,
        options: { ...options('second'), parallelism: after, from: savepoint },
      })
      expect(await second.result).toMatchObject({ status: 'finished' })
      await expectEachOnce(out, ORDERS)
    },
  )
})
