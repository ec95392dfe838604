import { expect, test } from 'vitest'
import { openSearch } from '../../../connectors/opensearch/index.js'
import type { Source } from '../../../core/connector.js'
import { millis } from '../../../core/duration.js'
import { defineJob } from '../../../core/job/job.js'
import { seededRandom } from '../../../core/random.js'
import { markers } from '../../../core/time/watermarks.js'
import { count } from '../../../core/window/aggregates/index.js'
import { session, type TimeWindow } from '../../../core/window/index.js'
import { run } from '../../../runtime/run.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { ScriptedSource } from '../../job/scripted-source.js'
import { hurriedEnvironment, startServer } from './fixture.js'

const GAP_MS = 30
const LATENESS_MS = 400

type Click = { readonly user: string; readonly at: number } | { readonly watermark: number }

interface SessionDocument {
  readonly user: string
  readonly start: number
  readonly end: number
  readonly clicks: number
}

interface Watching {
  readonly see: (index: number) => void
  readonly replaced: Set<string>
}

const idOf = (user: string, { start, end }: TimeWindow): string => `${user}@${start}-${end}`

/** @param replaced gets the ids that results said to replace */
function sessionsJob(source: ScriptedSource, url: string, { see, replaced }: Watching) {
  let seen = 0
  return defineJob('sessions', (job) => {
    job
      .from(
        'clicks',
        // A script holds whatever it is given.
        source as Source<unknown> as Source<Click>,
        markers<Click>({
          timestamp: (click) => ('at' in click ? click.at : click.watermark),
          watermark: (click) => ('watermark' in click ? click.watermark : undefined),
        }),
      )
      .filter((click) => 'at' in click)
      .map((click) => {
        see(seen++)
        return click
      })
      .keyBy(({ user }) => user)
      .window(session(millis(GAP_MS)))
      .allowedLateness(millis(LATENESS_MS))
      .aggregate('sessions', { clicks: count() }, { replaces: true })
      .to(
        'index',
        openSearch({
          node: url,
          index: 'sessions',
          id: ({ key, window }) => idOf(key, window),
          replaces: ({ key, replaces }) => {
            const ids = replaces.map((window) => idOf(key, window))
            for (const id of ids) replaced.add(id)
            return ids
          },
          document: ({ key, window, clicks }) => ({ user: key, start: window.start, end: window.end, clicks }),
          maxDelayMs: 5,
          maxDocumentsPerCall: 7,
          callTimeoutMs: 600_000,
          retryForMs: 6_000_000,
        }),
      )
  })
}

/** Clicks that come up to the allowed lateness late: sessions fire, become longer, merge with others, and fire again. */
function clicksOf(seed: number, length: number): Click[] {
  const random = seededRandom(seed)
  const whole = (below: number): number => Math.floor(random.next() * below)
  const clicks: Click[] = []
  let now = 1000
  for (let n = 0; n < length; n++) {
    const user = ['ann', 'bo', 'cy'][whole(3)]!
    clicks.push({ user, at: Math.max(0, now + GAP_MS - whole(LATENESS_MS - GAP_MS)) })
    if (whole(3) === 0) {
      now += whole(40)
      clicks.push({ watermark: now })
    }
  }
  return clicks
}

/** All clicks at once, by plain code. */
function sessionsOf(clicks: readonly Click[]): Record<string, SessionDocument> {
  const sessions: Record<string, SessionDocument> = {}
  for (const [user, times] of groupByUser(clicks)) {
    times.sort((a, b) => a - b)
    let from = 0
    for (let next = 1; next <= times.length; next++) {
      // Two touch when the second begins where the first one's gap ends.
      if (next < times.length && times[next]! <= times[next - 1]! + GAP_MS) continue
      const window = { start: times[from]!, end: times[next - 1]! + GAP_MS }
      sessions[idOf(user, window)] = { user, ...window, clicks: next - from }
      from = next
    }
  }
  return sessions
}

function groupByUser(clicks: readonly Click[]): Map<string, number[]> {
  const byUser = new Map<string, number[]>()
  for (const click of clicks) {
    if ('at' in click) byUser.set(click.user, [...(byUser.get(click.user) ?? []), click.at])
  }
  return byUser
}

async function indexed(url: string): Promise<Record<string, object>> {
  await fetch(`${url}/sessions/_refresh`, { method: 'POST' })
  const response = await fetch(`${url}/sessions/_search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ size: 10_000 }),
  })
  const { hits } = ((await response.json()) as { hits: { hits: { _id: string; _source: object }[] } }).hits
  return Object.fromEntries(hits.map(({ _id, _source }) => [_id, _source]))
}

test.each([1, 2])(
  'sessions that merge and fire again leave nothing of what they were, over a kill and 429 storms (seed %d)',
  { timeout: 60_000 },
  async (seed) => {
    const { url } = await startServer({
      random: seededRandom(seed),
      faults: [
        { rate: 0.1, fault: { kind: 'replyLost' } },
        { rate: 0.2, fault: { kind: 'throttle' } },
        { rate: 0.3, fault: { kind: 'failedItems', rate: 0.2 } },
      ],
    })
    const clicks = clicksOf(seed, 220)
    const to = memoryStore()
    const source = new ScriptedSource([[]])
    let reach = (): void => undefined
    const reached = new Promise<void>((resolve) => {
      reach = resolve
    })
    let checkpointed: Promise<unknown> | undefined
    const replaced = new Set<string>()
    const see = (index: number): void => {
      if (index === 80) checkpointed = killed.checkpoint()
      if (index === 140) reach()
    }
    const job = sessionsJob(source, url, { see, replaced })
    const killed = await run(job, { environment: hurriedEnvironment(), checkpoints: { to } })
    source.push(clicks)
    await reached
    await checkpointed
    await killed.cancel()
    const expected = sessionsOf(clicks)
    source.end()
    const resumed = await run(sessionsJob(source, url, { see: () => undefined, replaced }), {
      environment: hurriedEnvironment(),
      checkpoints: { to, resume: true },
    })
    expect(await resumed.result).toMatchObject({ status: 'finished' })
    expect(await indexed(url)).toEqual(expected)
    // Most sessions became longer after they had been written.
    expect(replaced.size).toBeGreaterThan(20)
  },
)
