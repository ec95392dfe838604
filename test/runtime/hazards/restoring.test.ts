import { describe, expect, it } from 'vitest'
import { millis, seconds } from '../../../core/duration.js'
import { defineJob, type Job } from '../../../core/job/job.js'
import { count } from '../../../core/window/aggregates/count.js'
import { tumbling } from '../../../core/window/assigners.js'
import { fixedDelay } from '../../../runtime/coordinator/restart-strategy.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { faultyStore } from '../fixture/faulty-store.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { copyJob, eventTime, outcomeOf, start } from '../fixture/start.js'

const SPLITS = ['a', 'b', 'c', 'd', 'e']

interface Counted {
  readonly key: string
  readonly end: number
  readonly rows: number
}

function rowsOf(split: number): Row[] {
  return Array.from({ length: 60 }, (_, n) => row(n, n * 250, `k${(n * 7 + split) % 11}`))
}

function countJob(source: Script, sink: LedgerSink<Counted>): Job<unknown> {
  return defineJob('count', (job) => {
    job
      .from('rows', source, eventTime())
      .keyBy(({ key }) => key)
      .window(tumbling(millis(1000)))
      .aggregate('per-second', { rows: count() })
      .map(({ key, window, rows }) => ({ key, end: window.end, rows }))
      .to('out', sink)
  }) as Job<unknown>
}

/** By a plain loop. */
function expected(): string[] {
  const totals = new Map<string, number>()
  for (const [index] of SPLITS.entries()) {
    for (const { key, at } of rowsOf(index)) {
      const id = `${key}@${(Math.floor(at / 1000) + 1) * 1000}`
      totals.set(id, (totals.get(id) ?? 0) + 1)
    }
  }
  return [...totals].map(([id, rows]) => `${id}=${rows}`).sort()
}

const shown = (sink: LedgerSink<Counted>) => sink.visible.map(({ key, end, rows }) => `${key}@${end}=${rows}`).sort()

describe('restoring at another parallelism', () => {
  it('2 to 3 to 2 with a checkpoint at once: keys, splits and windows are where they belong, once', async () => {
    const to = memoryStore()
    const sink = new LedgerSink<Counted>()
    for (const [index, parallelism] of [2, 3, 2, 5, 1].entries()) {
      const source = new Script({ intervalMs: 1000, splits: SPLITS })
      // Each time a part more of what the splits hold.
      for (const [split, id] of SPLITS.entries()) source.push(id, ...rowsOf(split).slice(0, (index + 1) * 12))
      const checkpoints = { to, resume: index > 0 }
      const { handle, environment } = await start(countJob(source, sink), { parallelism, checkpoints })
      await handle.checkpoint()
      await (index < 4 ? handle.stop() : handle.stop({ drain: 'atTip' }))
      expect(environment.nextTimerAt).toBeUndefined()
    }
    expect(shown(sink)).toEqual(expected())
  })
})

describe('failing at any record', () => {
  it.each([1, 7, 40, 150, 299])(
    'is as if each had been processed once: poll %i fails, then every 90th',
    async (first) => {
      let polls = 0
      const source = new Script({
        splits: SPLITS,
        onPoll: () => {
          polls++
          if (polls === first || (polls > first && (polls - first) % 90 === 0 && polls < 900)) {
            throw new Error('connection reset')
          }
          // Not all at once: checkpoints fall between.
          if (polls % 40 === 0) void handle?.checkpoint().catch(() => undefined)
        },
      })
      for (const [split, id] of SPLITS.entries()) source.push(id, ...rowsOf(split))
      source.end()
      const sink = new LedgerSink<Counted>()
      let handle: Awaited<ReturnType<typeof start>>['handle'] | undefined
      const started = await start(countJob(source, sink), {
        parallelism: 2,
        restart: fixedDelay({ attempts: 50, delay: seconds(1) }),
      })
      handle = started.handle
      await started.environment.advance(60_000)
      expect(await outcomeOf(started.environment, handle.result)).toMatchObject({ status: 'finished' })
      expect(handle.progress().generation).toBeGreaterThan(1)
      expect(shown(sink)).toEqual(expected())
    },
  )
})

describe('what a checkpoint is restored from', () => {
  async function checkpointed(store: ReturnType<typeof faultyStore>): Promise<void> {
    const first = await start(copyJob(new Script({ intervalMs: 1000 }).push('a', row(1)), new LedgerSink<Row>()), {
      checkpoints: { to: store },
    })
    await first.handle.stop()
  }

  it('a missing object is named, and nothing older is tried silently', async () => {
    const store = faultyStore()
    await checkpointed(store)
    const name = (await store.names('checkpoints/')).find((each) => each.includes('/rows/')) as string
    await store.delete(name)
    const { handle, environment } = await start(copyJob(new Script({ intervalMs: 1000 }), new LedgerSink<Row>()), {
      checkpoints: { to: store, resume: true },
    })
    const error = await outcomeOf(environment, handle.result)
    expect(error).toMatchObject({ code: 'CHECKPOINT_OBJECT_MISSING' })
    expect(String(error)).toContain(name)
    expect(environment.nextTimerAt).toBeUndefined()
  })

  it('a damaged object is refused by its checksum, and named', async () => {
    const store = faultyStore()
    await checkpointed(store)
    const name = (await store.names('checkpoints/')).find((each) => each.includes('/rows/')) as string
    const bytes = (await store.read(name)) as Uint8Array
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1
    await store.delete(name)
    await store.create(name, bytes)
    const { handle, environment } = await start(copyJob(new Script({ intervalMs: 1000 }), new LedgerSink<Row>()), {
      checkpoints: { to: store, resume: true },
    })
    const error = await outcomeOf(environment, handle.result)
    expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT' })
    expect(String(error)).toContain(name)
  })

  it('state without an operator is refused, naming both lists of ids', async () => {
    const store = faultyStore()
    await checkpointed(store)
    const other = defineJob('copy', (job) => {
      job.from('lines', new Script({ intervalMs: 1000 }), eventTime()).to('out', new LedgerSink<Row>())
    }) as Job<unknown>
    const { handle, environment } = await start(other, { checkpoints: { to: store, resume: true } })
    const error = await outcomeOf(environment, handle.result)
    expect(error).toMatchObject({ code: 'STATE_WITHOUT_OPERATOR' })
    expect(String(error)).toMatch(/'rows'.*'lines'/s)
  })

  it('onto existing checkpoints a fresh start is refused, and changes nothing', async () => {
    const store = faultyStore()
    await checkpointed(store)
    const before = await store.names()
    const { handle, environment } = await start(copyJob(new Script({ intervalMs: 1000 }), new LedgerSink<Row>()), {
      checkpoints: { to: store },
    })
    expect(await outcomeOf(environment, handle.result)).toMatchObject({ code: 'CHECKPOINTS_EXIST' })
    expect(await store.names()).toEqual(before)
  })
})
