import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { GoldenResults } from '../../../golden/taxi/results.js'
import { search } from './documents.js'

const FILE = new URL('../../../../examples/taxi/opensearch/dashboard.ndjson', import.meta.url)

interface Bucket {
  readonly key: number | string
  readonly doc_count: number
  readonly metric?: { readonly value: number }
  readonly group?: { readonly buckets: readonly Bucket[] }
}

/**
 * Asks what the two pictures of the dashboard ask, with the fields, filters and aggregations that stand in its file, of
 * a real server: the answers have to be what plain code gives.
 */
export async function expectDashboardAnswers(url: string, prefix: string, golden: GoldenResults): Promise<void> {
  const heat = visualization('taxi-pickups')
  const [metric, grid] = heat.aggs
  const cells = await bucketsOf(url, `${prefix}${heat.index}`, {
    query: { bool: { filter: heat.filters } },
    aggs: {
      segment: {
        geohash_grid: { field: grid!.params['field'], precision: grid!.params['precision'], size: 10_000 },
        aggs: { metric: { sum: { field: metric!.params['field'] } } },
      },
    },
  })
  const expected = new Map<string, number>()
  for (const { location, pickup_count: count } of golden.pickupCounts) {
    const cell = location.slice(0, Number(grid!.params['precision']))
    if (count >= 3) expected.set(cell, (expected.get(cell) ?? 0) + count)
  }
  expect(expected.size).toBeGreaterThan(0)
  expect(new Map(cells.map(({ key, metric: sum }) => [key, sum?.value]))).toEqual(expected)

  const line = visualization('taxi-durations')
  const [average, hour, airport] = line.aggs
  const hours = await bucketsOf(url, `${prefix}${line.index}`, {
    query: { bool: { filter: line.filters } },
    aggs: {
      segment: {
        date_histogram: {
          field: hour!.params['field'],
          calendar_interval: `1${hour!.params['interval']}`,
          min_doc_count: 1,
        },
        aggs: {
          group: {
            terms: { field: airport!.params['field'], size: airport!.params['size'], order: { _key: 'asc' } },
            aggs: { metric: { avg: { field: average!.params['field'] } } },
          },
        },
      },
    },
  })
  const found = hours.flatMap(({ key, group }) =>
    (group?.buckets ?? []).map((bucket) => ({ hour: key, airport: bucket.key, minutes: bucket.metric?.value })),
  )
  const wanted = new Map<string, { hour: number; airport: string; minutes: number[] }>()
  for (const { timestamp, airport_code, avg_trip_duration } of golden.tripDurations) {
    const name = `${timestamp} ${airport_code}`
    const one = wanted.get(name) ?? { hour: timestamp, airport: airport_code, minutes: [] }
    one.minutes.push(avg_trip_duration)
    wanted.set(name, one)
  }
  const averages = [...wanted.values()]
    .map((one) => ({ ...one, minutes: one.minutes.reduce((sum, each) => sum + each, 0) / one.minutes.length }))
    .sort((a, b) => a.hour - b.hour || (a.airport < b.airport ? -1 : 1))
  expect(found.map(({ hour, airport }) => [hour, airport])).toEqual(
    averages.map(({ hour, airport }) => [hour, airport]),
  )
  for (const [index, { minutes }] of averages.entries()) expect(found[index]?.minutes).toBeCloseTo(minutes, 6)

  // The areas, as a map of Dashboards asks for them.
  const inManhattan = { top_left: [-74.03, 40.88], bottom_right: [-73.9, 40.69] }
  const { hits } = await search(url, `${prefix}busy_area`, {
    query: { geo_bounding_box: { area: inManhattan } },
    size: 10,
  })
  expect(hits.hits.length).toBeGreaterThan(0)
}

interface Aggregation {
  readonly params: Readonly<Record<string, unknown>>
}

function visualization(id: string) {
  const saved = readFileSync(FILE, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SavedObject)
    .find((object) => object.id === id)!
  const { aggs } = JSON.parse(saved.attributes.visState) as { aggs: readonly Aggregation[] }
  const { filter } = JSON.parse(saved.attributes.kibanaSavedObjectMeta.searchSourceJSON) as {
    filter: { range: object }[]
  }
  const pattern = saved.references.find(({ name }) => name === 'kibanaSavedObjectMeta.searchSourceJSON.index')!.id
  return { aggs, filters: filter.map(({ range }) => ({ range })), index: pattern.replace(/\*$/, '') }
}

interface SavedObject {
  readonly id: string
  readonly attributes: {
    readonly visState: string
    readonly kibanaSavedObjectMeta: { readonly searchSourceJSON: string }
  }
  readonly references: readonly { readonly name: string; readonly id: string }[]
}

async function bucketsOf(url: string, index: string, body: object): Promise<readonly Bucket[]> {
  const { aggregations } = await search(url, index, { size: 0, ...body })
  return (aggregations as { segment: { buckets: readonly Bucket[] } }).segment.buckets
}
