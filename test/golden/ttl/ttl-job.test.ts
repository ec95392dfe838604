import { join } from 'node:path'
import { defineJob, type Logger, mapState, millis, type Source, valueState } from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { fixedDelay, type JobHandle, run, type StateOptions } from 'tidemark/run'
import { type VirtualEnvironment, virtualEnvironment } from 'tidemark/testing'
import { describe, expect, it } from 'vitest'
import { folderOfTest } from '../folder.js'
import { linesIn } from '../results-in.js'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import { BurstSource } from './burst-source.js'
import { type Burst, type Click, expectedLines, PAGE_MS, SESSION_MS } from './expected.js'

const START = Date.UTC(2030, 0, 1)
const SPLITS = 3
const BURSTS = 24

/** What the test sees of a run, and how it makes it fail. */
interface Watched {
  processed: number
  failAt: number
}

const visitsJob = (out: string, source: Source<Click>, watched: Watched) =>
  defineJob('visits', (job) => {
    job
      .from('clicks', source)
      .keyBy(({ user }) => user)
      .process('visits', {
        state: {
          clicks: valueState<number>({ ttl: { after: millis(SESSION_MS) } }),
          pages: mapState<string, true>({ ttl: { after: millis(PAGE_MS) } }),
        },
        process({ user, page }, { state, processingTime }) {
          if (++watched.processed === watched.failAt) throw new Error('the test wants it')
          state.clicks.mutate((clicks) => (clicks ?? 0) + 1)
          const recent = [...state.pages.keys()].length
          const isKnownPage = state.pages.has(page)
          state.pages.put(page, true)
          return [{ user, page, atMs: processingTime - START, click: state.clicks.value(), recent, isKnownPage }]
        },
      })
      .to('lines', fileSink<object>({ path: out, format: jsonLines() }))
  })

const STATES: Readonly<Record<'heap' | 'disk', StateOptions>> = {
  heap: 'heap',
  // Nothing stays in memory.
  disk: { kind: 'disk', cacheBytes: 0 },
}
const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

const random = choices(SEED)
const ROUNDS = IS_WHOLE ? 20 : 1
const CASES = Array.from({ length: ROUNDS }).flatMap(() =>
  (['heap', 'disk'] as const).map((state) => ({
    state,
    seed: random.between(1, 1_000_000),
    before: random.between(1, 4),
    after: random.between(1, 4),
    stopAt: random.between(1, BURSTS - 1),
  })),
)

/** Some of them just as far apart as values live. */
function makeBursts(seed: number): Burst[] {
  const own = choices(seed)
  let atMs = 0
  return Array.from({ length: BURSTS }, () => {
    atMs += own.one([1, 500, 1500, PAGE_MS - 1, PAGE_MS, SESSION_MS - 1, SESSION_MS])
    const clicks = Array.from({ length: own.between(1, 60) }, () => ({
      user: `user-${own.between(0, 30)}`,
      page: `page-${own.between(0, 5)}`,
    }))
    return { atMs, clicks }
  })
}

const splitOf = ({ user }: Click): number => (user.length % 2 === 0 ? 0 : 1 + (user.charCodeAt(user.length - 1) % 2))

async function until(environment: VirtualEnvironment, isSo: () => boolean): Promise<void> {
  // Files are no matter of virtual time: the real clock says when to give up.
  const giveUpAt = performance.now() + 30_000
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error('nothing happens any more')
    await environment.settle()
    await environment.advance(0)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** In this generation. */
function recordsReceived(handle: JobHandle): number {
  return handle.progress().operators.find(({ id }) => id === 'visits')?.recordsIn ?? 0
}

describe(`state with a time to live in front of a file sink (seed ${SEED})`, () => {
  it.each(CASES)(
    'fails once in a part, stops at burst $stopAt at parallelism $before, goes on at $after: every line once, $state (#$seed)',
    { timeout: 60_000 },
    async ({ state, seed, before, after, stopAt }) => {
      const folder = await folderOfTest('ttl')
      const out = join(folder, 'out')
      const savepoint = join(folder, 'savepoint')
      const bursts = makeBursts(seed)
      const source = new BurstSource<Click>(SPLITS)

      const startPart = async (part: string, startAt: number, options: { parallelism: number; from?: string }) => {
        const environment = virtualEnvironment({ startAt })
        const watched: Watched = { processed: 0, failAt: 0 }
        const handle = await run(visitsJob(out, source.source, watched), {
          ...options,
          environment,
          state: STATES[state],
          logger: SILENT,
          maxParallelism: 8,
          checkpoints: { to: join(folder, part), interval: millis(3_600_000) },
          restart: fixedDelay({ attempts: 1, delay: millis(0) }),
        })
        return { environment, watched, handle }
      }

      /** Only the last of them is lost in the failure, and it comes again at the same time. */
      const play = async (
        { environment, watched, handle }: { environment: VirtualEnvironment; watched: Watched; handle: JobHandle },
        part: readonly Burst[],
      ) => {
        const failing = choices(seed + part.length).between(0, part.length - 1)
        let received = 0
        const isDone = (): boolean => recordsReceived(handle) === received && handle.status === 'running'
        for (const [index, { atMs, clicks }] of part.entries()) {
          await until(environment, isDone)
          await handle.checkpoint()
          await environment.advance(START + atMs - environment.clock.now())
          if (index === failing) watched.failAt = watched.processed + Math.ceil(clicks.length / 2)
          for (const click of clicks) source.push(splitOf(click), [click])
          if (index === failing) {
            await until(environment, () => handle.progress().generation === 2)
            received = 0
          }
          received += clicks.length
          await until(environment, isDone)
        }
      }

      const first = await startPart('first', START, { parallelism: before })
      await play(first, bursts.slice(0, stopAt))
      expect(await first.handle.stop({ savepoint })).toMatchObject({ status: 'stopped' })

      const restartAt = first.environment.clock.now()
      const second = await startPart('second', restartAt, { parallelism: after, from: savepoint })
      await play(second, bursts.slice(stopAt))
      source.end()
      expect(await second.handle.result).toMatchObject({ status: 'finished' })
      expect(await linesIn(out)).toEqual(expectedLines(bursts))
    },
  )
})
