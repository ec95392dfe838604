import { type BulkSettings, bulk } from './bulk.js'
import type { OpenSearchOperationName } from './faults.js'
import { isObject, type Json, type JsonObject, type Mapping } from './mapping.js'
import { count, search } from './search.js'
import { ServerError } from './server-error.js'
import type { Index, IndexStore } from './store.js'

export interface ParsedRequest {
  readonly operation: OpenSearchOperationName
  readonly method: string
  /** Of an index, template or document; empty where there is none. */
  readonly name: string
  readonly id: string
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
  mapping: ['GET'],
}

/** @throws ServerError for what this server has no handler for */
export function parseRequest(method: string, path: string, body: string): ParsedRequest {
  const [first = '', second = '', third = ''] = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const operation = operationOf(method, first, second)
  if (operation !== undefined && METHODS[operation].includes(method)) {
    const name = operation === 'template' ? second : first.startsWith('_') ? '' : first
    return { operation, method, name, id: third, body }
  }
  throw new ServerError(400, { type: '', reason: `no handler found for uri [${path}] and method [${method}]` })
}

function operationOf(method: string, first: string, second: string): OpenSearchOperationName | undefined {
  if (first === '') return 'info'
  if (first === '_index_template') return 'template'
  if (first.startsWith('_')) return NAMED[first]
  if (second !== '') return NAMED[second]
  return method === 'PUT' ? 'createIndex' : 'deleteIndex'
}

export function execute(settings: BulkSettings, version: string, request: ParsedRequest): Result {
  const { store } = settings
  const { operation, name, id, body } = request
  switch (operation) {
    case 'info':
      return ok(info(version))
    case 'bulk':
      return ok(bulk(settings, body, name === '' ? undefined : name))
    case 'search':
      return ok(search(named(store, name), parsed(body)))
    case 'count':
      return ok(count(named(store, name), parsed(body)))
    case 'get':
      return document(store.require(name, 'index_expression'), id)
    case 'refresh': {
      const indices = named(store, name)
      for (const index of indices) index.refresh()
      return ok({ _shards: { total: indices.length, successful: indices.length, failed: 0 } })
    }
    case 'template':
      return request.method === 'GET' ? template(store, name) : putTemplate(store, name, parsed(body))
    case 'createIndex': {
      // The form is the user's.
      const { mappings } = parsed(body) as { mappings?: { properties?: Mapping; dynamic?: string } }
      store.create(name, mappings)
      return ok({ acknowledged: true, shards_acknowledged: true, index: name })
    }
    case 'deleteIndex':
      store.delete(name)
      return ok({ acknowledged: true })
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

function document(index: Index, id: string): Result {
  const found = index.get(id)
  const about = { _index: index.name, _id: id }
  if (found === undefined) return { status: 404, body: { ...about, found: false } }
  const { version, sequence, source } = found
  const numbers = { _version: Number(version), _seq_no: sequence, _primary_term: 1 }
  return ok({ ...about, ...numbers, found: true, _source: source })
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
