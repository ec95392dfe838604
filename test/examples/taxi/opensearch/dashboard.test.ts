import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { PROPERTIES } from '../../../../examples/taxi/opensearch/indices.js'

interface Reference {
  readonly name: string
  readonly type: string
  readonly id: string
}

interface SavedObject {
  readonly type: string
  readonly id: string
  readonly attributes: Readonly<Record<string, unknown>> & {
    readonly kibanaSavedObjectMeta?: { readonly searchSourceJSON: string }
  }
  readonly references: readonly Reference[]
}

const FILE = new URL('../../../../examples/taxi/opensearch/dashboard.ndjson', import.meta.url)
const objects = readFileSync(FILE, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as SavedObject)

const named = (id: string): SavedObject => objects.find((object) => object.id === id)!
const parsed = (text: unknown): never => JSON.parse(String(text)) as never

interface Aggregation {
  readonly type: string
  readonly params: { readonly field: string; readonly interval?: string }
}

const aggregationsOf = (id: string): readonly Aggregation[] =>
  (parsed(named(id).attributes['visState']) as { aggs: readonly Aggregation[] }).aggs

/** The fields of an index, as its template maps them. */
function fieldsOf(pattern: string): Readonly<Record<string, { readonly type: string }>> {
  return PROPERTIES[pattern.replace(/\*$/, '')]!
}

describe('the dashboard (it was parsed here, not imported into OpenSearch Dashboards)', () => {
  test('refers to objects that are in the file, by names that it uses', () => {
    const ids = new Set(objects.map(({ type, id }) => `${type}/${id}`))
    expect(ids.size).toBe(objects.length)
    for (const { id, references, attributes } of objects) {
      const text = JSON.stringify(attributes)
      for (const reference of references) {
        expect(ids, id).toContain(`${reference.type}/${reference.id}`)
        expect(text, id).toContain(reference.name)
      }
    }
    const panels = parsed(named('taxi').attributes['panelsJSON']) as readonly { panelRefName: string }[]
    expect(panels.map(({ panelRefName }) => panelRefName)).toEqual(named('taxi').references.map(({ name }) => name))
  })

  test('asks for fields that the mappings have, with types that fit', () => {
    const fits: Readonly<Record<string, readonly string[]>> = {
      sum: ['long', 'double'],
      avg: ['long', 'double'],
      geohash_grid: ['geo_point'],
      date_histogram: ['date'],
      terms: ['keyword'],
    }
    for (const { id, references } of objects.filter(({ type }) => type === 'visualization')) {
      const fields = fieldsOf(references[0]!.id)
      for (const { type, params } of aggregationsOf(id))
        expect(fits[type], params.field).toContain(fields[params.field]?.type)
    }
    for (const { id, attributes } of objects.filter(({ type }) => type === 'index-pattern')) {
      expect(fieldsOf(id)[String(attributes['timeFieldName'])]?.type).toBe('date')
    }
  })

  test('shows what the dashboard of the AWS example shows', () => {
    const heatmap = parsed(named('taxi-pickups').attributes['visState']) as { params: Record<string, unknown> }
    expect(heatmap.params).toMatchObject({ mapType: 'Heatmap', mapCenter: [40.745, -73.898] })
    expect(aggregationsOf('taxi-pickups').map(({ type, params }) => [type, params.field])).toEqual([
      ['sum', 'pickup_count'],
      ['geohash_grid', 'location'],
    ])
    const source = parsed(named('taxi-pickups').attributes.kibanaSavedObjectMeta?.searchSourceJSON)
    expect((source as { filter: readonly object[] }).filter).toMatchObject([{ range: { pickup_count: { gte: 3 } } }])
    expect(aggregationsOf('taxi-durations').map(({ type, params }) => [type, params.field, params.interval])).toEqual([
      ['avg', 'avg_trip_duration', undefined],
      ['date_histogram', 'timestamp', 'h'],
      ['terms', 'airport_code', undefined],
    ])
  })
})
