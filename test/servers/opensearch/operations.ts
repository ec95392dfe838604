import { type BulkSettings, bulk } from './bulk.js'
import type { OpenSearchOperationName } from './faults.js'
import { isObject, type Json, type JsonObject } from './mapping.js'
import { requireParameters } from './parameters.js'
import { count, search } from './search.js'
import { ServerError } from './server-error.js'
import type { Index, IndexStore, Mappings } from './store.js'

export interface ParsedRequest {
  readonly operation: OpenSearchOperationName
  readonly method: string
  /** Of an index, template or document; empty where there is none. */
  readonly name: string
  readonly id: string
  readonly query: URLSearchParams
  readonly body: string
}

export interface Result {
  readonly status: number
  readonly body: Json
}

const NAMED: Readonly<Record<string, OpenSearchOperationName>> = {
  _bulk: 'bulk',
  _search: 'search',
  _count: 'count',
  _doc: 'get',
  _refresh: 'refresh',
  _mapping: 'mapping',
}
const METHODS: Readonly<Record<OpenSearchOperationName, readonly string[]>> = {
  info: ['GET', 'HEAD'],
  bulk: ['POST', 'PUT'],
  search: ['GET', 'POST'],
  count: ['GET', 'POST'],
  get: ['GET'],
  refresh: ['GET', 'POST'],
  template: ['GET', 'PUT'],
  createIndex: ['PUT'],
  deleteIndex: ['DELETE'],
  indexExists: ['HEAD'],
  mapping: ['GET'],
  pipeline: ['GET', 'PUT', 'DELETE'],
  clusterSettings: ['GET', 'PUT'],
}

/** @throws ServerError for what this server has no handler for, and for parameters that its operation does not have */
export function parseRequest(method: string, url: string, body: string): ParsedRequest {
  const [path = '/', parameters] = url.split('?')
  const query = new URLSearchParams(parameters)
  const [first = '', second = '', third = ''] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const operation = operationOf(method, first, second)
  if (operation !== undefined && METHODS[operation].includes(method)) {
    requireParameters(operation, path, query)
    const name =
      operation === 'pipeline' ? third : operation === 'template' ? second : first.startsWith('_') ? '' : first
    return { operation, method, name, id: third, query, body }
  }
  throw new ServerError(400, { type: '', reason: `no handler found for uri [${path}] and method [${method}]` })
}

function operationOf(method: string, first: string, second: string): OpenSearchOperationName | undefined {
  if (first === '') return 'info'
  if (first === '_index_template') return 'template'
  if (first === '_ingest' && second === 'pipeline') return 'pipeline'
  if (first === '_cluster' && second === 'settings') return 'clusterSettings'
  if (first.startsWith('_')) return NAMED[first]
  if (second !== '') return NAMED[second]
  if (method === 'HEAD') return 'indexExists'
  return method === 'PUT' ? 'createIndex' : 'deleteIndex'
}

export function execute(settings: BulkSettings, version: string, request: ParsedRequest): Result {
  const { store } = settings
  const { operation, name, id, query, body } = request
  switch (operation) {
    case 'info':
      return ok(info(version))
    case 'bulk':
      return ok(bulkRequest(settings, request))
    case 'search':
      return ok(search(named(store, name), parsed(body)))
    case 'count':
      return ok(count(named(store, name), parsed(body)))
    case 'get':
      return document(store.require(name, 'index_expression'), id, query.get('routing') || undefined)
    case 'refresh': {
      const indices = named(store, name)
      for (const index of indices) index.refresh()
      return ok({ _shards: { total: indices.length, successful: indices.length, failed: 0 } })
    }
    case 'template':
      return request.method === 'GET' ? template(store, name) : putTemplate(store, name, parsed(body))
    case 'createIndex': {
      // The form is the user's.
      const { mappings } = parsed(body) as { mappings?: Mappings }
      store.create(name, mappings)
      return ok({ acknowledged: true, shards_acknowledged: true, index: name })
    }
    case 'deleteIndex':
      store.delete(name)
      return ok({ acknowledged: true })
    case 'indexExists':
      return { status: store.get(name) === undefined ? 404 : 200, body: '' }
    case 'pipeline':
      return pipeline(store, request)
    case 'clusterSettings':
      return clusterSettings(store, request)
    case 'mapping': {
      const { mapping } = store.require(name, 'index_or_alias')
      const properties = Object.fromEntries(Object.entries(mapping).sort(([a], [b]) => (a < b ? -1 : 1)))
      // Mappings are JSON.
      return ok({ [name]: { mappings: { properties: properties as unknown as JsonObject } } })
    }
  }
}

function ok(body: Json): Result {
  return { status: 200, body }
}

function bulkRequest(settings: BulkSettings, { name, query, body }: ParsedRequest): JsonObject {
  const answer = bulk(settings, body, {
    index: name === '' ? undefined : name,
    routing: query.get('routing') ?? undefined,
    pipeline: query.get('pipeline') ?? undefined,
  })
  const refresh = query.get('refresh') ?? 'false'
  if (refresh !== 'false') for (const index of settings.store.matching('*')) index.refresh()
  return answer
}

function pipeline({ pipelines }: IndexStore, { method, name, body }: ParsedRequest): Result {
  if (method === 'GET') {
    const found = pipelines.get(name)
    return found === undefined ? { status: 404, body: {} } : ok({ [name]: found })
  }
  if (method === 'PUT') pipelines.put(name, parsed(body))
  else pipelines.delete(name)
  return ok({ acknowledged: true })
}

function clusterSettings({ autoCreate }: IndexStore, { method, query, body }: ParsedRequest): Result {
  if (method === 'PUT') {
    const given = parsed(body)
    autoCreate.put(given)
    const said = (scope: 'persistent' | 'transient'): JsonObject =>
      isObject(given[scope]) ? autoCreate.said(scope) : {}
    return ok({ acknowledged: true, persistent: said('persistent'), transient: said('transient') })
  }
  const isGiven = [autoCreate.said('persistent'), autoCreate.said('transient')].some(
    (one) => Object.keys(one).length > 0,
  )
  const defaults = isGiven ? {} : { action: { auto_create_index: 'true' } }
  const given = { persistent: autoCreate.said('persistent'), transient: autoCreate.said('transient') }
  return ok({ ...given, ...((query.get('include_defaults') ?? 'false') !== 'false' && { defaults }) })
}

function named(store: IndexStore, name: string): readonly Index[] {
  if (name === '' || name.includes('*')) return store.matching(name === '' ? '*' : name)
  return [store.require(name, 'index_or_alias')]
}

function info(version: string): JsonObject {
  return {
    name: 'local',
    cluster_name: 'local',
    cluster_uuid: '_na_',
    version: { distribution: 'opensearch', number: version },
    tagline: 'The OpenSearch Project: https://opensearch.org/',
  }
}

function document(index: Index, id: string, routing: string | undefined): Result {
  index.requireRouting(id, routing)
  const found = index.get(id)
  const about = { _index: index.name, _id: id }
  if (found === undefined) return { status: 404, body: { ...about, found: false } }
  const { version, sequence, source } = found
  const numbers = { _version: Number(version), _seq_no: sequence, _primary_term: 1 }
  const routed = found.routing !== undefined && { _routing: found.routing }
  return ok({ ...about, ...numbers, ...routed, found: true, _source: source })
}

function template(store: IndexStore, name: string): Result {
  const body = store.template(name)
  if (body !== undefined) return ok({ index_templates: [{ name, index_template: body }] })
  throw new ServerError(404, {
    type: 'resource_not_found_exception',
    reason: `index template matching [${name}] not found`,
  })
}

function putTemplate(store: IndexStore, name: string, body: JsonObject): Result {
  store.putTemplate(name, body)
  return ok({ acknowledged: true })
}

function parsed(body: string): JsonObject {
  if (body === '') return {}
  const value = JSON.parse(body) as Json
  return isObject(value) ? value : {}
}
