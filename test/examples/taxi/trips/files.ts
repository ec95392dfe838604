import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { TripEvent } from '../../../../examples/taxi/events/index.js'
import { openTrips, type TripReading } from '../../../../examples/taxi/trips/index.js'

/** A folder that goes when the test file is done. */
export function temporaryFolder(): (name: string, contents: string | Uint8Array) => Promise<string> {
  const folder = mkdtemp(join(tmpdir(), 'tidemark-trips-'))
  afterAll(async () => rm(await folder, { recursive: true, force: true }))
  return async (name, contents) => {
    const file = join(await folder, name)
    await writeFile(file, contents)
    return file
  }
}

export interface AllTrips {
  readonly trips: readonly TripEvent[]
  readonly batches: readonly number[]
  readonly reading: TripReading
}

export async function readAll(...files: readonly string[]): Promise<AllTrips> {
  const source = await openTrips(files)
  const trips: TripEvent[] = []
  const batches: number[] = []
  for await (const batch of source.trips) {
    trips.push(...batch)
    batches.push(batch.length)
  }
  return { trips, batches, reading: source.reading }
}
