import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { LocalS3 } from 'tidemark/testing'
import { folderOfTest } from './folder.js'

export interface ArchivedRow {
  readonly trip_id: string
  readonly pickup: number
  readonly dropoff: number
  /** As the folders say. */
  readonly hour: string
  readonly point: readonly number[]
}

/** Every trip below a prefix of a bucket, read by DuckDB with the partitions that the folders name. */
export async function archivedTrips(s3: LocalS3, bucket: string, prefix: string): Promise<ArchivedRow[]> {
  const folder = await folderOfTest()
  for (const key of s3.keys(bucket, prefix)) {
    const path = join(folder, key.slice(prefix.length))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, s3.read(bucket, key)!)
  }
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const found = await connection.runAndReadAll(
      `select trip_id, epoch_ms(pickup_datetime) as pickup, epoch_ms(dropoff_datetime) as dropoff,
         year || '-' || month || '-' || day || 'T' || hour as hour,
         [pickup_latitude, pickup_longitude, dropoff_latitude, dropoff_longitude] as point
       from read_parquet('${folder}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)`,
    )
    return found.getRowObjectsJS().map((row) => ({
      trip_id: String(row['trip_id']),
      pickup: Number(row['pickup']),
      dropoff: Number(row['dropoff']),
      hour: String(row['hour']),
      // Doubles, as the schema of the archive says.
      point: row['point'] as readonly number[],
    }))
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
