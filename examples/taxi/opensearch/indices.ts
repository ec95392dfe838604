import type { IndexTemplate } from 'tidemark/opensearch'

/** Of the results, as the dashboard's index patterns have them. */
export const PICKUP_COUNT = 'pickup_count'
export const TRIP_DURATION = 'trip_duration'
export const BUSY_AREA = 'busy_area'

/** A geohash is a point to OpenSearch. */
const CELL = { type: 'geo_point' }
const TIME = { type: 'date', format: 'epoch_millis' }

/** Above the templates that a cluster has by itself. */
const PRIORITY = 200

type Properties = Readonly<Record<string, { readonly type: string; readonly format?: string }>>

/** Of the fields of each index. */
export const PROPERTIES: Readonly<Record<string, Properties>> = {
  [PICKUP_COUNT]: { location: CELL, pickup_count: { type: 'long' }, timestamp: TIME },
  [TRIP_DURATION]: {
    location: CELL,
    airport_code: { type: 'keyword' },
    sum_trip_duration: { type: 'long' },
    avg_trip_duration: { type: 'double' },
    timestamp: TIME,
  },
  [BUSY_AREA]: {
    area: { type: 'geo_shape' },
    pickups: { type: 'long' },
    pickups_per_km2: { type: 'double' },
    rank: { type: 'integer' },
    timestamp: TIME,
  },
}

/** Put before the first document: without it a cell would be text, a box an object, and a time a number. */
export function templateOf(index: string, prefix = ''): IndexTemplate {
  return {
    name: `taxi-${prefix}${index}`,
    body: {
      index_patterns: [`${prefix}${index}*`],
      priority: PRIORITY,
      template: { mappings: { dynamic: 'strict', properties: PROPERTIES[index] } },
    },
  }
}
