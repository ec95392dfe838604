import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import type { PickupCount, TripDuration } from '../documents.js'

export interface Results {
  readonly pickupCounts: readonly PickupCount[]
  readonly tripDurations: readonly TripDuration[]
}

/** Both results of a run, from the files that its checkpoints made visible. */
export async function readResults(out: string): Promise<Results> {
  const pickups = await readFolder(join(out, 'pickup_count'))
  const durations = await readFolder(join(out, 'trip_duration'))
  return {
    pickupCounts: pickups.map((row) => ({
      location: String(row['location']),
      pickup_count: Number(row['pickup_count']),
      timestamp: Number(row['timestamp']),
    })),
    tripDurations: durations.map((row) => ({
      location: String(row['location']),
      airport_code: row['airport_code'] === 'JFK' ? 'JFK' : 'LGA',
      sum_trip_duration: Number(row['sum_trip_duration']),
      avg_trip_duration: Number(row['avg_trip_duration']),
      timestamp: Number(row['timestamp']),
    })),
  }
}

type Row = Readonly<Record<string, unknown>>

async function readFolder(folder: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const name of (await namesIn(folder)).sort()) {
    if (name.endsWith('.jsonl')) rows.push(...(await readJsonLines(join(folder, name))))
    else if (name.endsWith('.parquet')) rows.push(...(await readParquet(join(folder, name))))
  }
  return rows
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

async function readJsonLines(path: string): Promise<Row[]> {
  const text = await readFile(path, 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Row => JSON.parse(line))
}

async function readParquet(path: string): Promise<Row[]> {
  return parquetReadObjects({ file: await asyncBufferFromFile(path) })
}
