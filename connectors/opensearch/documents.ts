import { isWellFormed } from '../../core/codec/well-formed.js'
import type { DeadLetter } from '../../core/connector.js'
import { type Batch, NO_TIMESTAMP } from '../../core/element.js'
import type { Environment } from '../../core/environment.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { recordOf, returnedPromise, userError } from '../../core/operators/user-error.js'
import type { Origin } from '../../core/origin.js'
import { isPromise } from '../../core/promises.js'
import type { Outgoing } from '../batching/delivery.js'
import { rowText } from '../dead-letters/row-text.js'
import type { BackupDocument } from './backup.js'
import { nameProblem } from './index-name.js'
import { type DocumentOperation, OPERATIONS, type OpenSearchSettings } from './options.js'
import { GenerationVersions, givenVersion } from './versions.js'

/** One action of `_bulk`. */
export interface DocumentRecord extends Outgoing {
  readonly operation: DocumentOperation
  readonly index: string
  readonly id: string
  readonly isVersioned: boolean
  /** As they go into the body, each with its end. */
  readonly lines: string
  readonly origin: Origin | undefined
  /** In the batch that it came in. */
  readonly row: number
}

export interface DocumentsOptions<T> {
  readonly operatorId: string
  readonly environment: Environment
  readonly claimedAt: number
  readonly settings: OpenSearchSettings<T>
  readonly onRejected: (letter: DeadLetter, problem: TidemarkError) => void
  /** Gets what every row comes to, with the row's event time, once all of it is well. */
  readonly onDocument: ((document: BackupDocument, timestamp: number) => void) | undefined
}

const LONGEST_ID_BYTES = 512

/** Makes documents of rows, one after the other. */
export class Documents<T> {
  readonly #options: DocumentsOptions<T>
  readonly #versions: GenerationVersions
  readonly #encoder = new TextEncoder()
  #knownName: string | undefined

  constructor(options: DocumentsOptions<T>) {
    this.#options = options
    this.#versions = new GenerationVersions(options.claimedAt)
  }

  /** Those that a row deletes come first. @throws TidemarkError USER_FUNCTION_RETURNED_PROMISE, which is no fault of the row */
  of(batch: Batch<T>, row: number, takenAt: number): readonly DocumentRecord[] {
    try {
      return this.#of(batch, row, takenAt)
    } catch (thrown) {
      const { operatorId } = this.#options
      const problem = userError(thrown, { operatorId, call: 'the sink', ...recordOf(batch, row) })
      if (problem.code === 'USER_FUNCTION_RETURNED_PROMISE') throw problem
      const { origin } = batch
      this.#options.onRejected(
        this.#letter({ origin, row, raw: rowText(batch.values[row]), id: undefined }, problem),
        problem,
      )
      return []
    }
  }

  /** Of a document that OpenSearch does not take. */
  letterOf({ lines, origin, row, id }: DocumentRecord, problem: TidemarkError): DeadLetter {
    const raw = lines.slice(lines.indexOf('\n') + 1, -1)
    return this.#letter({ origin, row, raw, id }, problem)
  }

  /** Runs for every row: without closures and spreads. */
  #of(batch: Batch<T>, row: number, takenAt: number): readonly DocumentRecord[] {
    const { settings, onDocument } = this.#options
    const { replaces } = settings
    const { origin } = batch
    const operation = this.#operationOf(batch, row)
    const index = this.#indexOf(batch, row)
    const id = idOf(this.#call(batch, row, 'id', settings.id), 'id')
    const routing = this.#routingOf(batch, row)
    const document = operation === 'delete' ? undefined : this.#documentOf(batch, row)
    const source = document === undefined ? undefined : sourceOf(document, operation)
    if (replaces === undefined) {
      const version = this.#versionOf(batch, row)
      const action = { operation, index, id, routing, document, source, version, origin, row, takenAt }
      if (onDocument) onDocument(backupOf(action), batch.timestamps[row]!)
      return [record(action)]
    }
    const actions: Action[] = []
    const deletion = { operation: 'delete', document: undefined, source: undefined } as const
    for (const one of this.#call(batch, row, 'replaces', replaces)) {
      const replaced = idOf(one, 'replaces')
      if (replaced === id) continue
      const version = this.#versionOf(batch, row)
      actions.push({ ...deletion, index, id: replaced, routing, version, origin, row, takenAt })
    }
    const version = this.#versionOf(batch, row)
    actions.push({ operation, index, id, routing, document, source, version, origin, row, takenAt })
    if (onDocument) for (const action of actions) onDocument(backupOf(action), batch.timestamps[row]!)
    return actions.map(record)
  }

  #operationOf(batch: Batch<T>, row: number): DocumentOperation {
    const { operation: given } = this.#options.settings
    if (typeof given !== 'function') return given
    const operation = this.#call(batch, row, 'operation', given)
    if (OPERATIONS.includes(operation)) return operation
    const expected = OPERATIONS.join(', ')
    throw refused('OPENSEARCH_OPERATION_INVALID', `operation gave ${shown(operation)}, not one of ${expected}`)
  }

  #indexOf(batch: Batch<T>, row: number): string {
    const { index, time } = this.#options.settings
    if (typeof index !== 'function') {
      if (!index.usesTime) return index.of(0)
      const at = time ? this.#call(batch, row, 'time', time) : batch.timestamps[row]!
      if (at !== NO_TIMESTAMP && Number.isFinite(at) && Math.abs(at) <= 8.64e15) return index.of(at)
      throw refused(
        'OPENSEARCH_INDEX_INVALID',
        'the name of the index depends on the time, and the row has none: give it a timestamp at the source, or give time',
      )
    }
    const name: unknown = this.#call(batch, row, 'index', index)
    if (name === this.#knownName && this.#knownName !== undefined) return this.#knownName
    const problem = typeof name === 'string' ? nameProblem(name) : `it is ${name === null ? 'null' : typeof name}`
    if (problem !== undefined) throw refused('OPENSEARCH_INDEX_INVALID', `index gave no name of an index: ${problem}`)
    // Only text has no problem.
    this.#knownName = name as string
    return this.#knownName
  }

  #documentOf(batch: Batch<T>, row: number): object {
    const { document } = this.#options.settings
    const value: unknown = document ? this.#call(batch, row, 'document', document) : batch.values[row]
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    throw refused('ROW_INVALID', `a document is an object, found ${shown(value)}`)
  }

  #routingOf(batch: Batch<T>, row: number): string | undefined {
    const { routing } = this.#options.settings
    if (routing === undefined) return undefined
    const given: unknown = this.#call(batch, row, 'routing', routing)
    if (given === undefined || (typeof given === 'string' && given !== '' && isWellFormed(given))) return given
    throw refused('OPENSEARCH_ID_INVALID', `routing gave ${shown(given)}, expected text`)
  }

  #versionOf(batch: Batch<T>, row: number): number | bigint | undefined {
    const { versions } = this.#options.settings
    if (versions === 'generation') return this.#versions.next()
    if (versions === 'none') return undefined
    return givenVersion(this.#call(batch, row, 'versions', versions))
  }

  #call<R>(batch: Batch<T>, row: number, call: string, given: (value: T) => R): R {
    let result: R
    try {
      result = given(batch.values[row]!)
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#options.operatorId, call, ...recordOf(batch, row) })
    }
    if (!isPromise(result)) return result
    throw returnedPromise(result, { operatorId: this.#options.operatorId, call, ...recordOf(batch, row) })
  }

  #letter(
    found: {
      readonly origin: Origin | undefined
      readonly row: number
      readonly raw: string
      readonly id: string | undefined
    },
    problem: TidemarkError,
  ): DeadLetter {
    const { origin, row, raw, id } = found
    const { operatorId, environment } = this.#options
    return {
      operatorId,
      split: origin?.split ?? '',
      offset: String(origin?.offsetOf(row) ?? ''),
      code: problem.code,
      message: problem.message,
      raw: this.#encoder.encode(raw),
      isPart: false,
      arrivedAt: undefined,
      partitionKey: id,
      explicitHashKey: undefined,
      rejectedAt: environment.clock.now(),
    }
  }
}

function sourceOf(document: object, operation: DocumentOperation): string {
  let json: string | undefined
  try {
    json = JSON.stringify(document)
  } catch (thrown) {
    throw refused('ROW_INVALID', `the document has no JSON form: ${messageOf(thrown)}`)
  }
  // An object with a toJSON of its own.
  if (json?.[0] !== '{') throw refused('ROW_INVALID', 'the document has no JSON form that is an object')
  if (operation === 'update') return `{"doc":${json}}`
  return operation === 'upsert' ? `{"doc":${json},"doc_as_upsert":true}` : json
}

interface Action extends Pick<DocumentRecord, 'operation' | 'index' | 'id' | 'origin' | 'row' | 'takenAt'> {
  readonly routing: string | undefined
  readonly document: object | undefined
  readonly source: string | undefined
  readonly version: number | bigint | undefined
}

/** OpenSearch has external versions for these two alone. */
function isVersioned({ operation, version }: Action): boolean {
  return version !== undefined && (operation === 'index' || operation === 'delete')
}

function backupOf(action: Action): BackupDocument {
  const { index, id, operation, routing, version, document } = action
  return { index, id, operation, routing, version: isVersioned(action) ? String(version) : undefined, document }
}

function record(action: Action): DocumentRecord {
  const { operation, index, id, routing, source, version, origin, row, takenAt } = action
  const hasVersion = isVersioned(action)
  const isUpdate = operation === 'update' || operation === 'upsert'
  let lines = `{"${isUpdate ? 'update' : operation}":{"_index":"${index}","_id":${JSON.stringify(id)}`
  if (hasVersion) lines += `,"version":${version},"version_type":"external"`
  if (routing !== undefined) lines += `,"routing":${JSON.stringify(routing)}`
  lines += isUpdate ? ',"retry_on_conflict":3}}\n' : '}}\n'
  if (source !== undefined) lines += `${source}\n`
  const bytes = Buffer.byteLength(lines)
  return {
    operation,
    index,
    id,
    isVersioned: hasVersion,
    lines,
    bytes,
    orderKey: id,
    origin,
    row,
    takenAt,
    failures: 0,
    failedAt: 0,
  }
}

function idOf(given: unknown, option: string): string {
  const isNumber = typeof given === 'bigint' || (typeof given === 'number' && Number.isFinite(given))
  const id = isNumber ? String(given) : given
  if (typeof id !== 'string' || id === '' || !isWellFormed(id)) {
    throw refused(
      'OPENSEARCH_ID_INVALID',
      `${option} gave ${id === '' ? 'an empty text' : shown(given)}, expected text`,
    )
  }
  if (id.length * 3 <= LONGEST_ID_BYTES || Buffer.byteLength(id) <= LONGEST_ID_BYTES) return id
  throw refused(
    'OPENSEARCH_ID_INVALID',
    `${option} gave ${Buffer.byteLength(id)} bytes, and an id has at most ${LONGEST_ID_BYTES}`,
  )
}

function shown(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'string' ? 'text' : typeof value
}

type Refusal = 'OPENSEARCH_ID_INVALID' | 'OPENSEARCH_INDEX_INVALID' | 'OPENSEARCH_OPERATION_INVALID' | 'ROW_INVALID'

function refused(code: Refusal, message: string): TidemarkError {
  return new TidemarkError({ code, domain: 'user', message })
}
