import type { IndexTemplate } from 'tidemark/opensearch'

/** Of the two results, as the dashboard's index patterns have them. */
export const PICKUP_COUNT = 'pickup_count'
export const TRIP_DURATION = 'trip_duration'

/** A geohash is a point to OpenSearch. */
const CELL = { type: 'geo_point' }
const HOUR = { type: 'date', format: 'epoch_millis' }

/** Above the templates that a cluster has by itself. */
const PRIORITY = 200

/** Put before the first document: without them a cell would be text, and a time a number. */
export const templates: readonly IndexTemplate[] = [
  template(PICKUP_COUNT, { location: CELL, pickup_count: { type: 'long' }, timestamp: HOUR }),
  template(TRIP_DURATION, {
    location: CELL,
    airport_code: { type: 'keyword' },
    sum_trip_duration: { type: 'long' },
    avg_trip_duration: { type: 'double' },
    timestamp: HOUR,
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
