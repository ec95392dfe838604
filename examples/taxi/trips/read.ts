import { stat } from 'node:fs/promises'
import type { TripEvent } from '../events/index.js'
import { refused } from './columns.js'
import { formatOf, type TripFormat } from './formats.js'
import { readLines } from './lines.js'
import { TripCounter, type TripReading } from './reading.js'
import { countUnreadable, type Row } from './rows.js'

/** Trips in the order of the files, in batches, with the counts of what has been read so far. */
export interface TripSource {
  readonly trips: AsyncIterable<readonly TripEvent[]>
  readonly reading: TripReading
}

/**
 * Looks at the beginning of every file, then reads them one after the other as the batches are asked for, never more
 * than a chunk ahead.
 * @throws TidemarkError for the first file that is missing, empty, or of a kind that is not read. Once reading has begun
 * only a damaged file ends it; rows that cannot be read are counted.
 */
export async function openTrips(files: readonly string[]): Promise<TripSource> {
  for (const file of files) await checkBeginning(file)
  const counter = new TripCounter()
  return { trips: readAll(files, counter), reading: counter }
}

async function* readAll(files: readonly string[], counter: TripCounter): AsyncGenerator<readonly TripEvent[]> {
  for (const file of files) {
    yield* readFile(file, counter)
    counter.files++
  }
}

/** Pipes are looked at when they are read: they can be read only once. */
async function checkBeginning(file: string): Promise<void> {
  const isPipe = await stat(file).then(
    (found) => found.isFIFO() || found.isSocket() || found.isCharacterDevice(),
    () => false,
  )
  if (isPipe) return
  for await (const { lines } of readLines(file)) {
    const first = lines.find(isNotBlank)
    if (first === undefined) continue
    formatOf(file, first)
    return
  }
  throw emptyFile(file)
}

async function* readFile(file: string, counter: TripCounter): AsyncGenerator<readonly TripEvent[]> {
  let format: TripFormat | undefined
  for await (const { lines, firstLine } of readLines(file)) {
    let rows = rowsOf(file, { lines, firstLine, counter })
    if (format === undefined && rows[0] !== undefined) {
      format = formatOf(file, rows[0].text)
      if (format.hasHeader) rows = rows.slice(1)
    }
    const trips = format?.read(rows, counter) ?? []
    if (trips.length > 0) yield trips
  }
  if (format === undefined) throw emptyFile(file)
}

interface NumberedLines {
  readonly lines: readonly (string | undefined)[]
  readonly firstLine: number
  readonly counter: TripCounter
}

function rowsOf(file: string, { lines, firstLine, counter }: NumberedLines): Row[] {
  const rows: Row[] = []
  lines.forEach((text, index) => {
    const line = firstLine + index
    if (text === undefined) countUnreadable(counter, { file, line, text: '' }, { cause: 'tooLong', found: '' })
    else if (isNotBlank(text)) rows.push({ file, line, text })
  })
  return rows
}

const isNotBlank = (line: string | undefined): line is string => line !== undefined && line.trim() !== ''

function emptyFile(file: string): Error {
  return refused(file, 'is empty: expected a header or JSON lines')
}
