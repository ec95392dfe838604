import type { RunFact, RunFacts } from './input.js'
import { timeLabel } from './shared/time.js'

/** The run in words and numbers, in the order in which a reader asks. What is not known is left out. */
export function factsOf(run: RunFacts): readonly RunFact[] {
  const facts: RunFact[] = []
  const add = (label: string, value: string | undefined) => {
    if (value !== undefined) facts.push({ label, value })
  }
  add('Source', run.source)
  add('Events', number(run.events))
  add('Rate', run.eventsPerSecond === undefined ? undefined : `${number(Math.round(run.eventsPerSecond))} events/s`)
  add('Elapsed', run.elapsedMs === undefined ? undefined : elapsed(run.elapsedMs))
  if (run.fromEventTime !== undefined && run.toEventTime !== undefined) {
    add('Event time', `${timeLabel(run.fromEventTime)} to ${timeLabel(run.toEventTime)}`)
  }
  add('Late trips', counted(run.late))
  add('Unreadable rows', counted(run.unreadable))
  add('Malformed events', counted(run.malformed))
  add('Outside New York', counted(run.filtered))
  add('Checkpoints', counted(run.checkpoints))
  add('Resumed from', run.resumedFrom)
  add('Parallelism', counted(run.parallelism))
  add('Shards', counted(run.shards))
  add('Watermarks', run.watermarks === undefined ? undefined : watermarks[run.watermarks])
  return [...facts, ...(run.more ?? [])]
}

const watermarks = {
  markers: 'markers in the stream',
  bounded: 'bounded out-of-orderness, 60 s',
} as const

/** `12,345`; not by locale, so the page is the same on every machine. */
export function number(value: number): string {
  const [whole = '', fraction] = String(value).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

function counted(value: number | undefined): string | undefined {
  return value === undefined ? undefined : number(value)
}

function elapsed(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
