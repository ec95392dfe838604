import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import type { Visit } from './job.js'

/** The rows of a folder of Parquet files. */
export async function readVisits(folder: string): Promise<Visit[]> {
  const visits: Visit[] = []
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith('.parquet')) continue
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, name)) })
    for (const row of rows) visits.push(visitOf(row))
  }
  return visits
}

function visitOf(row: Readonly<Record<string, unknown>>): Visit {
  return {
    user: String(row['user']),
    device: String(row['device']),
    events: Number(row['events']),
    first_action: String(row['first_action']),
    last_action: String(row['last_action']),
    begin: Number(row['begin']),
    end: Number(row['end']),
    duration_ms: Number(row['duration_ms']),
  }
}
