import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boundedOutOfOrderness, defineJob, millis, type Source, session, tumbling, valueState } from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { fixedDelay, type JobResult, type RunOptions, run } from 'tidemark/run'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Gate, pausedSource } from '../jobs/paused-source.js'
import { choices, IS_WHOLE, SEED } from '../taxi/seeded.js'
import {
  AFTER_MS,
  BEFORE_MS,
  DISORDER_MS,
  expectedResults,
  GAP_MS,
  type Input,
  makeInput,
  type Offer,
  START,
  WINDOW_MS,
} from './expected.js'

const RESULTS = ['near', 'pairs', 'priced', 'sessions', 'silent'] as const
/** After everything. */
const END = START + 86_400_000

interface Sources {
  readonly offers: Source<Offer>
  readonly prices: Source<Offer>
}

/** Fails once, at the so many-th record. */
interface Fault {
  at: number
}

/** Every kind of join in one job. */
const joinsJob = (out: string, sources: Sources, fault: Fault) =>
  defineJob('joins', (job) => {
    const byTime = boundedOutOfOrderness<Offer>({ timestamp: ({ at }) => at, maxDelay: millis(DISORDER_MS) })
    const to = (name: (typeof RESULTS)[number]) => fileSink<object>({ path: `${out}/${name}`, format: jsonLines() })
    const offers = job
      .from('offers', sources.offers, byTime)
      .map((offer) => {
        if (--fault.at === 0) throw new Error('as the test wants it')
        return offer
      })
      .keyBy(({ item }) => item)
    const prices = job.from('prices', sources.prices, byTime).keyBy(({ item }) => item)

    offers
      .intervalJoin(prices, { lower: { before: millis(BEFORE_MS) }, upper: millis(AFTER_MS) })
      .process('near', (offer, price, { key, timestamp }) => [
        { item: key, offer: offer.number, price: price.number, at: timestamp },
      ])
      .to('near-lines', to('near'))

    offers
      .join(prices)
      .window(tumbling(millis(WINDOW_MS)))
      .process('pairs', (offer, price, { key, window }) => [
        { item: key, offer: offer.number, price: price.number, end: window.end },
      ])
      .to('pair-lines', to('pairs'))

    offers
      .temporalJoin(prices)
      .process('priced', (offer, price, { key }) => [{ item: key, offer: offer.number, since: price?.at ?? null }])
      .to('priced-lines', to('priced'))

    offers
      .coGroup(prices)
      .window(session(millis(GAP_MS)))
      .process('sessions', (left, right, { key, window }) => [
        { item: key, end: window.end, offers: left.length, prices: right.length },
      ])
      .to('session-lines', to('sessions'))

    offers
      .connect(prices)
      .process('silent', {
        state: { offers: valueState<number>({ initial: () => 0 }), prices: valueState<number>({ initial: () => 0 }) },
        onLeft(_offer, { state, timers }) {
          state.offers.mutate((count) => (count ?? 0) + 1)
          timers.registerEventTime(END)
        },
        onRight: (_price, { state }) => state.prices.mutate((count) => (count ?? 0) + 1),
        onTimer: (_timer, { key, state }) => [
          { item: key, offers: state.offers.value(), prices: state.prices.value() },
        ],
      })
      .to('silent-lines', to('silent'))
  })

interface Part {
  readonly out: string
  readonly input: Input
  readonly options: RunOptions
  readonly failAt: number
  /** Stops with a savepoint when so many values have been read. */
  readonly stop?: { readonly after: number; readonly savepoint: string }
}

async function runPart({ out, input, options, failAt, stop }: Part): Promise<JobResult> {
  let onReached = (): void => {}
  const gate = new Gate(stop?.after, () => onReached())
  const pace = { batch: 37, pauseMs: 1 }
  const sources = {
    offers: pausedSource(input.offers, gate, pace),
    prices: pausedSource(input.prices, gate, pace),
  }
  const restart = fixedDelay({ attempts: 1, delay: millis(1) })
  const handle = await run(joinsJob(out, sources, { at: failAt }), { ...options, restart })
  if (stop) onReached = () => void handle.stop({ savepoint: stop.savepoint }).catch(() => undefined)
  if (gate.isClosed) onReached()
  return handle.result
}

async function resultsIn(out: string): Promise<Record<string, readonly string[]>> {
  const results: Record<string, readonly string[]> = {}
  for (const name of RESULTS) {
    const files = (await readdir(join(out, name)).catch(() => [])).filter((file) => file.endsWith('.jsonl'))
    const texts = await Promise.all(files.map((file) => readFile(join(out, name, file), 'utf8')))
    results[name] = texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).sort()
  }
  return results
}

const random = choices(SEED)
const RECORDS = 1500

const CASES = Array.from({ length: IS_WHOLE ? 20 : 1 }).flatMap(() =>
  (['heap', 'disk'] as const).map((state) => ({
    state,
    seed: random.between(1, 1_000_000),
    before: random.between(1, 5),
    after: random.between(1, 5),
    // Long behind the first failure, so that it never comes while the job restarts.
    stopAt: random.between(1000, 2 * RECORDS - 200),
    failAt: [random.between(10, 100), random.between(10, 100)] as const,
  })),
)

describe(`joins (seed ${SEED})`, () => {
  it.each(CASES)(
    'fail, stop at $stopAt at parallelism $before, go on at $after and fail again: every result once, $state (#$seed)',
    { timeout: 120_000 },
    async ({ state, seed, before, after, stopAt, failAt }) => {
      const folder = await mkdtemp(join(tmpdir(), 'tidemark-joins-'))
      onTestFinished(() => rm(folder, { recursive: true, force: true }))
      const out = join(folder, 'out')
      const savepoint = join(folder, 'savepoint')
      const input = makeInput(seed, RECORDS)
      const checkpoints = (part: string) => ({ to: join(folder, part), interval: millis(40) })
      const first = { parallelism: before, state, checkpoints: checkpoints('first') }
      const stop = { after: stopAt, savepoint }
      expect(await runPart({ out, input, options: first, failAt: failAt[0], stop })).toMatchObject({
        status: 'stopped',
      })
      const second = { parallelism: after, state, checkpoints: checkpoints('second'), from: savepoint }
      expect(await runPart({ out, input, options: second, failAt: failAt[1] })).toMatchObject({ status: 'finished' })
      expect(await resultsIn(out)).toEqual(expectedResults(input))
    },
  )
})
