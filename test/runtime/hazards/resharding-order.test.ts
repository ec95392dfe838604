import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type ReshardedSinks, reshardedJob, type Seen } from '../fixture/resharded-job.js'
import { ShardedLog } from '../fixture/sharded-log.js'
import { start } from '../fixture/start.js'

const KEYS = 16

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('push' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('split' as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('merge' as const), at: fc.nat() }) },
  // Readers of some shards are slow: the rest runs ahead of them.
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('slow' as const), at: fc.nat(), rows: fc.nat({ max: 10 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fast' as const), at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 3000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('trim' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('stop' as const, 'kill' as const),
      parallelism: fc.integer({ min: 1, max: 5 }),
    }),
  },
)

it('faults 10 to 13: whatever is split and merged, when, and at which parallelism, each record comes once, in order, none late', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
      async (steps, parallelism, maxDriftSeconds) => {
        const log = new ShardedLog({ keys: KEYS, shards: 2, pollRows: 3 })
        const into: ReshardedSinks = {
          seen: new LedgerSink<Seen>(),
          windows: new LedgerSink(),
          late: new LedgerSink(),
        }
        const environment = virtualEnvironment()
        const drift = maxDriftSeconds === undefined ? {} : { maxDrift: seconds(maxDriftSeconds) }
        const job = reshardedJob(log, into, drift)
        const checkpoints = { to: memoryStore(), interval: seconds(5), resume: true }
        let { handle } = await start(job, { environment, parallelism, checkpoints })
        let sent = 0
        for (const each of steps) {
          const { open } = log
          switch (each.kind) {
            case 'push':
              for (let count = 0; count < each.count; count++) log.push(++sent % KEYS, sent * 1000, sent)
              break
            case 'split': {
              const shard = open[each.at % open.length]
              if (shard && shard.first < shard.last) log.split(shard.id)
              break
            }
            case 'merge': {
              const lower = open[each.at % open.length]
              const upper = open[(each.at % open.length) + 1]
              if (lower && upper) log.merge(lower.id, upper.id)
              break
            }
            case 'slow':
            case 'fast': {
              const all = [...log.shards.keys()]
              const id = all[each.at % all.length] as string
              log.allow(id, each.kind === 'slow' ? each.rows : Number.POSITIVE_INFINITY)
              break
            }
            case 'advance':
              await environment.advance(each.ms)
              break
            case 'checkpoint':
              await handle.checkpoint().catch(() => undefined)
              break
            case 'trim':
              // Only what every later start finds read.
              await environment.settle()
              await handle.checkpoint()
              for (const id of log.finished) log.trim(id)
              break
            default:
              await (each.kind === 'stop' ? handle.stop() : handle.cancel())
              handle = (await start(job, { environment, parallelism: each.parallelism, checkpoints })).handle
          }
          await environment.settle()
        }
        for (const id of log.shards.keys()) log.allow(id, Number.POSITIVE_INFINITY)
        const ended = handle.stop({ drain: 'atTip' })
        await environment.advance(60_000)
        await ended
        expect(into.seen.visible.filter(({ late }) => late)).toEqual([])
        expect(into.late.visible).toEqual([])
        expect(into.seen.visible.filter(({ n, before }) => (before ?? n - KEYS) !== n - KEYS)).toEqual([])
        const numbers = into.seen.visible.map(({ n }) => n).sort((a, b) => a - b)
        expect(numbers).toEqual(Array.from({ length: sent }, (_, n) => n + 1))
        expect(into.windows.visible.reduce((sum, { n }) => sum + n, 0)).toBe(sent)
      },
    ),
    { numRuns: 40 },
  )
})
