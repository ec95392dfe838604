/** A row that could not be read, for showing. */
export interface UnreadableRow {
  readonly file: string
  /** Counted from 1, the header included. */
  readonly line: number
  readonly cause: string
  /** What was found there, shortened and with its control characters escaped. */
  readonly found: string
}

/** What has been read so far. Every row is counted once: `rows` = `trips` + `unreadable` + `ignored`. */
export interface TripReading {
  readonly files: number
  readonly rows: number
  readonly trips: number
  readonly unreadable: number
  /** Rows that are no trips and are not meant to be: the START events of a file of rides, watermark markers. */
  readonly ignored: number
  readonly unreadableByCause: ReadonlyMap<string, number>
  readonly ignoredByCause: ReadonlyMap<string, number>
  /** The first few of each cause. */
  readonly samples: readonly UnreadableRow[]
}

const SAMPLES_PER_CAUSE = 3
const SAMPLE_LENGTH = 60

/** Keeps count while trip files are read. */
export class TripCounter implements TripReading {
  files = 0
  trips = 0
  unreadable = 0
  ignored = 0
  readonly unreadableByCause = new Map<string, number>()
  readonly ignoredByCause = new Map<string, number>()
  readonly samples: UnreadableRow[] = []

  get rows(): number {
    return this.trips + this.unreadable + this.ignored
  }

  countUnreadable(row: UnreadableRow): void {
    const count = (this.unreadableByCause.get(row.cause) ?? 0) + 1
    this.unreadable++
    this.unreadableByCause.set(row.cause, count)
    if (count <= SAMPLES_PER_CAUSE) this.samples.push({ ...row, found: shorten(row.found) })
  }

  countIgnored(cause: string): void {
    this.ignored++
    this.ignoredByCause.set(cause, (this.ignoredByCause.get(cause) ?? 0) + 1)
  }
}

function shorten(text: string): string {
  const escaped = JSON.stringify(text.slice(0, SAMPLE_LENGTH)).slice(1, -1)
  return text.length > SAMPLE_LENGTH ? `${escaped}...` : escaped
}

/** One line for each cause and each sample, none if all was read. */
export function describeUnreadable(reading: TripReading): readonly string[] {
  const lines: string[] = []
  for (const [cause, count] of reading.unreadableByCause) {
    lines.push(`${count.toLocaleString('en-US')} ${count === 1 ? 'row' : 'rows'} unreadable: ${cause}`)
    for (const sample of reading.samples) {
      if (sample.cause === cause) lines.push(`  ${sample.file}:${sample.line}: '${sample.found}'`)
    }
  }
  return lines
}
