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

/** Put before the first document: without them a cell would be text, and a time a number. */
export const templates: readonly IndexTemplate[] = [
  template(PICKUP_COUNT, { location: CELL, pickup_count: { type: 'long' }, timestamp: TIME }),
  template(TRIP_DURATION, {
    location: CELL,
    airport_code: { type: 'keyword' },
    sum_trip_duration: { type: 'long' },
    avg_trip_duration: { type: 'double' },
    timestamp: TIME,
  }),
  template(BUSY_AREA, {
    area: { type: 'geo_shape' },
    pickups: { type: 'long' },
    pickups_per_km2: { type: 'double' },
    rank: { type: 'integer' },
    timestamp: TIME,
  }),
]

function template(name: string, properties: Readonly<Record<string, object>>): IndexTemplate {
  return {
    name: `taxi-${name}`,
    body: {
      index_patterns: [`${name}*`],
      priority: PRIORITY,
      template: { mappings: { dynamic: 'strict', properties } },
    },
  }
}
