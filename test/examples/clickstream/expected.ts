import type { Click } from '../../../examples/clickstream/click.js'
import type { Visit } from '../../../examples/clickstream/job.js'

/* What the windows have to hold, by code that shares nothing with them: each key's clicks in order, cut where they end. */

/** Cut where more than the gap lies between two clicks. */
export const expectedSessions = (clicks: readonly Click[], gapMs: number): string[] =>
  cut(clicks, (at, own) => at - own.at(-1)!.at > gapMs)

/** Cut where the length since the first click is over. */
export const expectedStagger = (clicks: readonly Click[], lengthMs: number): string[] =>
  cut(clicks, (at, own) => at - own[0]!.at >= lengthMs)

type Ends = (at: number, own: readonly Click[]) => boolean

function cut(clicks: readonly Click[], endsBefore: Ends): string[] {
  const keys = new Map<string, Click[][]>()
  for (const click of [...clicks].sort((a, b) => a.at - b.at)) {
    const key = `${click.user} ${click.device}`
    const windows = keys.get(key) ?? []
    keys.set(key, windows)
    const open = windows.at(-1)
    if (open === undefined || endsBefore(click.at, open)) windows.push([click])
    else open.push(click)
  }
  return [...keys.values()].flatMap((windows) => windows.map((own) => visitText(visitOf(own)))).sort()
}

function visitOf(own: readonly Click[]): Visit {
  const [begin, end] = [own[0]!, own.at(-1)!]
  return {
    user: begin.user,
    device: begin.device,
    events: own.length,
    first_action: begin.action,
    last_action: end.action,
    begin: begin.at,
    end: end.at,
    duration_ms: end.at - begin.at,
  }
}

export const visitText = (visit: Visit): string =>
  JSON.stringify([
    visit.user,
    visit.device,
    visit.events,
    visit.first_action,
    visit.last_action,
    visit.begin,
    visit.end,
    visit.duration_ms,
  ])
