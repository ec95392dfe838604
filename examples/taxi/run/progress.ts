import type { JobProgress } from 'tidemark/run'
import { formatInstant } from '../events/index.js'

/** What happened to the events of a run: every one is in exactly one of these. */
export interface EventCounts {
  readonly events: number
  readonly markers: number
  readonly malformed: number
  readonly trips: number
  /** Trips outside New York. */
  readonly filtered: number
  readonly late: number
  /** Trips that are in the results. */
  readonly used: number
}

export function countEvents(progress: JobProgress): EventCounts {
  const of = (name: string) => progress.operators.find(({ id, details }) => id === name || details === name)
  const source = of('taxi-events')
  const events = source?.recordsIn ?? 0
  const trips = of('trips')?.recordsOut ?? 0
  const inNewYork = of('in New York')?.recordsOut ?? 0
  const late = of('pickups-per-cell')?.counters['lateRecords'] ?? 0
  return {
    events,
    markers: events - trips,
    malformed: source?.counters['malformedRecords'] ?? 0,
    trips,
    filtered: trips - inNewYork,
    late,
    used: inNewYork - late,
  }
}

const whole = (count: number): string => Math.round(count).toLocaleString('en-US')

/** One line: events, rate, event time, how far the watermark is behind what was replayed, checkpoints. */
export function progressLine(progress: JobProgress, rate: number, replayedTo: number | undefined): string {
  const { watermark, checkpoints } = progress
  const parts = [`${whole(progress.recordsRead)} events`, `${whole(rate)}/s`]
  parts.push(watermark === undefined ? 'no watermark yet' : `event time ${formatInstant(watermark).replace('T', ' ')}`)
  if (watermark !== undefined && replayedTo !== undefined) {
    parts.push(`watermark ${Math.max(0, Math.round((replayedTo - watermark) / 1000))} s behind`)
  }
  parts.push(`${checkpoints.completed} checkpoints`)
  return parts.join('  ')
}

/** Standard output, as far as it is needed. */
export type Output = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>

/** Shows lines of progress: on a terminal one line that changes, elsewhere plain lines. */
export class ProgressDisplay {
  private readonly out: Output
  private shown = false

  constructor(out: Output) {
    this.out = out
  }

  show(line: string): void {
    if (!this.out.isTTY) {
      this.out.write(`${line}\n`)
      return
    }
    this.out.write(`\r\u001b[2K${line.slice(0, Math.max(20, (this.out.columns ?? 80) - 1))}`)
    this.shown = true
  }

  /** Ends the changing line, so that what follows stands below it. */
  end(): void {
    if (this.shown) this.out.write('\n')
    this.shown = false
  }
}
