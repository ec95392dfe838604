import { isObject, type Json, type JsonObject, pointOf } from './mapping.js'
import { ServerError } from './server-error.js'
import type { FoundDocument, Index } from './store.js'

/** `match_all`, `term`, `terms`, `ids`, `range`, `exists`, `geo_bounding_box` and `bool` of those; sorted by fields; paged. */
export function search(indices: readonly Index[], body: JsonObject): JsonObject {
  const query = isObject(body['query']) ? body['query'] : { match_all: {} }
  const hits = indices.flatMap((index) =>
    index
      .searched()
      .filter((document) => matchesQuery(query, document))
      .map((document) => ({ index, document })),
  )
  const sort = sortOf(body['sort'])
  const valuesOf = ({ source }: FoundDocument): Json[] => sort.map(({ field }) => fieldOf(source, field) ?? null)
  const sorted = hits
    .map((hit) => ({ ...hit, values: valuesOf(hit.document) }))
    .sort((a, b) => {
      for (const [at, { direction }] of sort.entries()) {
        const order = compare(a.values[at] ?? null, b.values[at] ?? null)
        if (order !== 0) return order * direction
      }
      return 0
    })
  const from = Number(body['from'] ?? 0)
  const page = sorted.slice(from, from + Number(body['size'] ?? 10))
  return {
    took: 0,
    timed_out: false,
    _shards: { total: indices.length, successful: indices.length, skipped: 0, failed: 0 },
    hits: {
      total: { value: hits.length, relation: 'eq' },
      max_score: sort.length > 0 || hits.length === 0 ? null : 1,
      hits: page.map(({ index, document, values }) => ({
        _index: index.name,
        _id: document.id,
        ...(body['version'] === true && { _version: Number(document.version) }),
        _score: sort.length > 0 ? null : 1,
        ...(document.routing !== undefined && { _routing: document.routing }),
        _source: document.source,
        // Where there is no value, the largest or the smallest long, as JSON.parse rounds it.
        ...(sort.length > 0 && { sort: values.map((one, at) => one ?? (sort[at]?.direction ?? 1) * 2 ** 63) }),
      })),
    },
  }
}

export function count(indices: readonly Index[], body: JsonObject): JsonObject {
  const query = isObject(body['query']) ? body['query'] : { match_all: {} }
  const found = indices.reduce(
    (sum, index) => sum + index.searched().filter((document) => matchesQuery(query, document)).length,
    0,
  )
  return { count: found, _shards: { total: indices.length, successful: indices.length, skipped: 0, failed: 0 } }
}

function matchesQuery(query: JsonObject, document: FoundDocument): boolean {
  return Object.entries(query).every(([kind, given]) => {
    if (!isObject(given)) throw malformed(kind)
    const [field = '', wanted] = Object.entries(given)[0] ?? []
    const value = fieldOf(document.source, field)
    switch (kind) {
      case 'match_all':
        return true
      case 'ids':
        return (given['values'] as readonly string[]).includes(document.id)
      case 'term':
        return value === (isObject(wanted) ? wanted['value'] : wanted)
      case 'terms':
        return (wanted as readonly Json[]).includes(value ?? null)
      case 'exists':
        return fieldOf(document.source, String(given['field'])) !== undefined
      case 'range':
        return isObject(wanted) && Object.entries(wanted).every(([bound, limit]) => isWithin(bound, value, limit))
      case 'geo_bounding_box':
        return isObject(wanted) && isInside(value, wanted)
      case 'bool':
        return (
          ['must', 'filter'].every((part) => clauses(given[part]).every((one) => matchesQuery(one, document))) &&
          !clauses(given['must_not']).some((one) => matchesQuery(one, document))
        )
      default:
        throw malformed(kind)
    }
  })
}

function clauses(given: Json | undefined): readonly JsonObject[] {
  if (given === undefined) return []
  return (Array.isArray(given) ? given : [given]).filter((one) => isObject(one))
}

function malformed(kind: string): ServerError {
  const reason = `[${kind}] query malformed, no start_object after query name`
  return new ServerError(400, { type: 'parsing_exception', reason, line: 1, col: 17 })
}

function isWithin(bound: string, value: Json | undefined, limit: Json): boolean {
  if (value === undefined || value === null) return false
  const order = compare(value, limit)
  if (bound === 'gte') return order >= 0
  if (bound === 'gt') return order > 0
  if (bound === 'lte') return order <= 0
  return bound === 'lt' && order < 0
}

function isInside(value: Json | undefined, box: JsonObject): boolean {
  const point = pointOf(value)
  const [topLeft, bottomRight] = [pointOf(box['top_left']), pointOf(box['bottom_right'])]
  if (!point || !topLeft || !bottomRight) return false
  const isBetween = point.lat <= topLeft.lat && point.lat >= bottomRight.lat
  return isBetween && point.lon >= topLeft.lon && point.lon <= bottomRight.lon
}

interface SortField {
  readonly field: string
  readonly direction: 1 | -1
}

function sortOf(given: Json | undefined): readonly SortField[] {
  if (given === undefined) return []
  return (Array.isArray(given) ? given : [given]).map((one) => {
    if (!isObject(one)) return { field: String(one), direction: 1 }
    const [field = '', order] = Object.entries(one)[0] ?? []
    const direction = isObject(order) ? order['order'] : order
    return { field, direction: direction === 'desc' ? -1 : 1 }
  })
}

function fieldOf(source: JsonObject, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((at, name) => (isObject(at) ? at[name] : undefined), source)
}

function compare(a: Json, b: Json): number {
  // What has no value comes last.
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
  return a === b ? 0 : a < b ? -1 : 1
}
