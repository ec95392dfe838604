import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { GoldenTrip } from './results.js'

/** Lines of a file, gzip or plain. */
export function linesOf(file: string): string[] {
  const bytes = readFileSync(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** Trips of a clean CSV file with the plain column names, whose fields hold no quotes. Times are read as UTC. */
export function tripsOfCsv(file: string): GoldenTrip[] {
  const [header = '', ...rows] = linesOf(file)
  const names = header.trim().split(',')
  const column = (name: string): number => {
    const index = names.indexOf(name)
    if (index < 0) throw new Error(`${file} has no column ${name}`)
    return index
  }
  const [pickupTime, dropoffTime] = [column('pickup_datetime'), column('dropoff_datetime')]
  const [pickupLatitude, pickupLongitude] = [column('pickup_latitude'), column('pickup_longitude')]
  const [dropoffLatitude, dropoffLongitude] = [column('dropoff_latitude'), column('dropoff_longitude')]
  return rows.map((row) => {
    const fields = row.trim().split(',')
    const time = (index: number): number => Date.parse(`${(fields[index] ?? '').replace(' ', 'T')}Z`)
    return {
      pickupLatitude: Number(fields[pickupLatitude]),
      pickupLongitude: Number(fields[pickupLongitude]),
      dropoffLatitude: Number(fields[dropoffLatitude]),
      dropoffLongitude: Number(fields[dropoffLongitude]),
      pickupTime: time(pickupTime),
      dropoffTime: time(dropoffTime),
    }
  })
}
