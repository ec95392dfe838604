import { isObject, type Json, type JsonObject } from './mapping.js'
import { illegalArgument, ServerError, validationFailed } from './server-error.js'
import type { Index, IndexStore, Write, Written } from './store.js'

type Operation = 'index' | 'create' | 'update' | 'delete'

interface Action {
  readonly operation: Operation
  readonly index: string
  readonly id: string | undefined
  readonly version: bigint | undefined
  readonly routing: string | undefined
  readonly pipeline: string | undefined
  /** The line behind it; undefined for a deletion. */
  readonly source: string | undefined
}

export interface BulkSettings {
  readonly store: IndexStore
  readonly nonce: () => string
  /** A fault: the error of an item before it is applied. */
  readonly failsItem?: ((operation: Operation, id: string) => ServerError | undefined) | undefined
}

const PARAMETERS = ['_index', '_id', 'version', 'version_type', 'routing', 'retry_on_conflict', 'pipeline']
const LONGEST_ID_BYTES = 512

/** What an action has that does not say it itself. */
export interface BulkDefaults {
  readonly index?: string | undefined
  readonly routing?: string | undefined
  readonly pipeline?: string | undefined
}

/** @throws ServerError for what spoils the whole request */
export function bulk(settings: BulkSettings, body: string, defaults: BulkDefaults): JsonObject {
  const actions = parse(body, defaults)
  let errors = false
  const items = actions.map((action) => {
    const id = action.id ?? settings.nonce()
    const about = { _index: action.index, _id: id }
    try {
      const fault = settings.failsItem?.(action.operation, id)
      if (fault) throw fault
      const written = apply(settings.store, action, id)
      return { [action.operation]: { ...about, ...answer(written) } }
    } catch (thrown) {
      if (!(thrown instanceof ServerError)) throw thrown
      errors = true
      return { [action.operation]: { ...about, status: thrown.status, error: thrown.body as Json } }
    }
  })
  const isIngested = actions.some((action) => pipelineOf(action) !== undefined)
  return { took: 0, ...(isIngested && { ingest_took: 0 }), errors, items }
}

function parse(body: string, defaults: BulkDefaults): readonly Action[] {
  if (body === '') throw new ServerError(400, { type: 'parse_exception', reason: 'request body is required' })
  if (!body.endsWith('\n')) throw illegalArgument('The bulk request must be terminated by a newline [\\n]')
  const lines = body.split('\n')
  const actions: Action[] = []
  for (let at = 0; at < lines.length - 1; at++) {
    if (lines[at] === '') continue
    const action = actionOf(lines[at]!, at + 1, defaults)
    actions.push(action.operation === 'delete' ? action : { ...action, source: lines[++at] ?? '' })
  }
  if (actions.length === 0) throw validationFailed('no requests added')
  if (actions.some(({ pipeline }) => pipeline === '')) throw validationFailed('pipeline cannot be an empty string')
  return actions
}

function actionOf(line: string, number: number, defaults: BulkDefaults): Action {
  let parsed: Json
  try {
    parsed = JSON.parse(line) as Json
  } catch {
    throw illegalArgument(`Malformed action/metadata line [${number}], expected START_OBJECT`)
  }
  const [name = '', found] = Object.entries(isObject(parsed) ? parsed : {})[0] ?? []
  if (name !== 'index' && name !== 'create' && name !== 'update' && name !== 'delete') {
    throw illegalArgument(
      `Malformed action/metadata line [${number}], expected one of [create, delete, index, update] but found [${name}]`,
    )
  }
  const meta = isObject(found) ? found : {}
  const unknown = Object.keys(meta).find((parameter) => !PARAMETERS.includes(parameter))
  if (unknown !== undefined) {
    throw illegalArgument(`Action/metadata line [${number}] contains an unknown parameter [${unknown}]`)
  }
  const index = meta['_index'] ?? defaults.index
  if (typeof index !== 'string') throw validationFailed('index is missing')
  const id = meta['_id'] === undefined ? undefined : String(meta['_id'])
  if (id !== undefined && Buffer.byteLength(id) > LONGEST_ID_BYTES) {
    throw validationFailed(
      `id [${id}] is too long, must be no longer than ${LONGEST_ID_BYTES} bytes but was: ${Buffer.byteLength(id)}`,
    )
  }
  const isVersioned = meta['version'] !== undefined
  if (isVersioned && name === 'create') {
    throw validationFailed('create operations only support internal versioning. use index instead')
  }
  if (isVersioned && name === 'update') {
    throw illegalArgument(
      'Update requests do not support versioning. Please use `if_seq_no` and `if_primary_term` instead',
    )
  }
  // JSON.parse would round what is above 2^53.
  const version = isVersioned ? BigInt(/"version":\s*(\d+)/.exec(line)?.[1] ?? 0) : undefined
  const routing = meta['routing'] ?? defaults.routing
  const pipeline = meta['pipeline'] ?? defaults.pipeline
  return {
    ...{ operation: name, index, id, version, source: undefined },
    routing: routing === undefined || routing === '' ? undefined : String(routing),
    pipeline: pipeline === undefined ? undefined : String(pipeline),
  }
}

/** That of a document which is written as a whole: there is none for updates. */
function pipelineOf({ operation, pipeline }: Action): string | undefined {
  const isWhole = operation === 'index' || operation === 'create'
  return isWhole && pipeline !== '_none' ? pipeline : undefined
}

/** @returns undefined where a pipeline dropped the document */
function apply(store: IndexStore, action: Action, id: string): Written | undefined {
  const { operation, version, routing, source = '' } = action
  if (id === '') throw illegalArgument('if _id is specified it must not be empty')
  const pipeline = pipelineOf(action)
  // Before there is an index for it.
  const piped = pipeline === undefined ? undefined : store.pipelines.run(pipeline, documentOf(source))
  if (pipeline !== undefined && piped === undefined) return undefined
  // A deletion of a version makes the index too: the version has to be remembered.
  const index =
    operation === 'delete' && version === undefined
      ? store.require(action.index, 'index_expression')
      : store.forWriting(action.index)
  index.requireRouting(id, routing)
  switch (operation) {
    case 'delete':
      return index.write({ id, source: undefined, routing, version })
    case 'update':
      return update(index, { id, routing }, documentOf(source))
    default:
      return index.write({
        id,
        source: piped ?? documentOf(source),
        routing,
        version,
        isCreate: operation === 'create',
      })
  }
}

function update(index: Index, { id, routing }: Pick<Write, 'id' | 'routing'>, body: JsonObject): Written {
  const doc = isObject(body['doc']) ? body['doc'] : {}
  const before = index.get(id)
  if (before === undefined) {
    if (body['doc_as_upsert'] === true) return index.write({ id, source: doc, routing })
    throw new ServerError(404, {
      type: 'document_missing_exception',
      reason: `[${id}]: document missing`,
      index: index.name,
      shard: '0',
      index_uuid: index.uuid,
    })
  }
  const merged = merge(before.source, doc)
  if (JSON.stringify(merged) === JSON.stringify(before.source)) {
    return { version: before.version, sequence: before.sequence, result: 'noop' }
  }
  return index.write({ id, source: merged, routing })
}

function merge(into: JsonObject, from: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...into }
  for (const [name, value] of Object.entries(from)) {
    const old = merged[name]
    merged[name] = isObject(value) && isObject(old) ? merge(old, value) : value
  }
  return merged
}

function documentOf(source: string): JsonObject {
  let parsed: Json
  try {
    parsed = JSON.parse(source) as Json
  } catch {
    throw notParsed('json_e_o_f_exception', 'Unexpected end-of-input')
  }
  if (isObject(parsed)) return parsed
  throw notParsed(
    'not_x_content_exception',
    'Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes',
  )
}

function notParsed(type: string, reason: string): ServerError {
  return new ServerError(400, {
    type: 'mapper_parsing_exception',
    reason: 'failed to parse',
    caused_by: { type, reason },
  })
}

function answer(written: Written | undefined): JsonObject {
  if (written === undefined) return DROPPED
  const { version, sequence, result } = written
  const shards = { total: 1, successful: result === 'noop' ? 0 : 1, failed: 0 }
  const status = result === 'created' ? 201 : result === 'not_found' ? 404 : 200
  return {
    _version: Number(version),
    result,
    _shards: result === 'noop' ? { ...shards, total: 0 } : shards,
    _seq_no: sequence,
    _primary_term: 1,
    status,
  }
}

/** As OpenSearch answers of a document that a pipeline dropped. */
const DROPPED = { _version: -3, result: 'noop', _shards: { total: 0, successful: 0, failed: 0 }, status: 200 }
