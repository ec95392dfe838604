import {
  boundedOutOfOrderness,
  count,
  type Duration,
  defineJob,
  first,
  last,
  max,
  min,
  type Sink,
  type Source,
  seconds,
  session,
  stagger,
} from 'tidemark'
import type { Click } from './click.js'

/** What one user did on one device in a window. Times are epoch milliseconds. */
export interface Visit {
  readonly user: string
  readonly device: string
  readonly events: number
  readonly first_action: string
  readonly last_action: string
  /** Of the first and the last event. */
  readonly begin: number
  readonly end: number
  readonly duration_ms: number
}

/** A click that came when its window was over. */
export interface LateClick extends Click {
  readonly window: 'session' | 'stagger'
}

export interface ClickstreamOptions {
  readonly clicks: Source<Click>
  readonly sessions: Sink<Visit>
  readonly stagger: Sink<Visit>
  readonly late: Sink<LateClick>
  /** A session ends when nothing came for so long. */
  readonly gap: Duration
  /** Of a stagger window, from its first event. */
  readonly length: Duration
}

/** Clicks by user and device, put together twice: as sessions, and as windows that open with the first click. */
export function clickstreamJob(options: ClickstreamOptions) {
  return defineJob('clickstream', (job) => {
    const byTime = boundedOutOfOrderness<Click>({ timestamp: (click) => click.at, maxDelay: seconds(60) })
    const clicks = job.from('clicks', options.clicks, byTime).keyBy((click) => [click.user, click.device])

    const sessions = clicks.window(session(options.gap)).aggregate('sessions', VISIT)
    sessions.map(visitOf).to('session-rows', options.sessions)

    const staggered = clicks.window(stagger(options.length)).aggregate('stagger', VISIT)
    staggered.map(visitOf).to('stagger-rows', options.stagger)

    // A click may be late for one and not for the other: a session that it makes longer is open still.
    sessions.late
      .map((click): LateClick => ({ ...click, window: 'session' }))
      .union(staggered.late.map((click): LateClick => ({ ...click, window: 'stagger' })))
      .to('late-clicks', options.late)
  })
}

const VISIT = {
  events: count(),
  firstAction: first((click: Click) => click.action),
  lastAction: last((click: Click) => click.action),
  begin: min((click: Click) => click.at),
  end: max((click: Click) => click.at),
}

interface VisitRow {
  readonly key: readonly [string, string]
  readonly events: number
  readonly firstAction: string
  readonly lastAction: string
  readonly begin: number
  readonly end: number
}

function visitOf({ key: [user, device], events, firstAction, lastAction, begin, end }: VisitRow): Visit {
  return {
    user,
    device,
    events,
    first_action: firstAction,
    last_action: lastAction,
    begin,
    end,
    duration_ms: end - begin,
  }
}
