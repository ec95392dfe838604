import type { Client, ClientOptions } from '@opensearch-project/opensearch'
import type { Sink } from '../../core/connector.js'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../core/options.js'
import type { BatchNumbers } from '../batching/writer.js'
import { type OnRejected, requireOnRejected } from '../dead-letters/options.js'
import { type BackupDocument, requireBackup } from './backup.js'
import { type ConnectionOptions, type ConnectionSettings, connectionOf } from './connection.js'
import { type IndexNames, type IndexRotation, indexNames } from './index-name.js'

/**
 * - `index`: the document as it is, whatever was there.
 * - `create`: only where there is none; one that is there counts as this one.
 * - `update`: merged into the one that is there; it must be there. `upsert`: merged, or created.
 * - `delete`: no document; that there is none is well.
 */
export type DocumentOperation = 'index' | 'create' | 'update' | 'upsert' | 'delete'

/**
 * What decides which of two writes of a document is the later one (external versions of OpenSearch, of `index` and
 * `delete`). `generation`: the later generation of the job, and in it the order of writing. `none`: whichever comes last.
 * A function: the row's own, a whole number that only grows.
 */
export type DocumentVersions<T> = 'generation' | 'none' | ((row: T) => number | bigint)

/** Put before the first document is written, as `PUT _index_template/name`. */
export interface IndexTemplate {
  readonly name: string
  /** `{ index_patterns, template: { settings, mappings }, priority, ... }`, as OpenSearch takes it. */
  readonly body: Readonly<Record<string, unknown>>
}

interface OpenSearchCommonOptions<T> {
  /**
   * The index that a row goes to: a name, which may have `{yyyy}`, `{MM}`, `{dd}`, `{HH}` of the row's event time in UTC; or
   * a function of the row.
   */
  readonly index: string | ((row: T) => string)
  /** Appends to the index's name as Firehose does: `-2026-11-21-13`, `-2026-11-21`, `-2026-w47`, `-2026-11`. Default `none`. */
  readonly rotation?: IndexRotation
  /** For the index's name, epoch milliseconds. Default: the timestamp of the row, which of a window is its last millisecond. */
  readonly time?: (row: T) => number
  /** The same row has to give the same id, however often it is written: 1 to 512 bytes. */
  readonly id: (row: T) => string | number | bigint
  /** What is stored, or merged. Default: the row itself. Not asked for what is deleted. */
  readonly document?: (row: T) => object
  /** Default `index`. */
  readonly operation?: DocumentOperation | ((row: T) => DocumentOperation)
  /** Ids of documents of the same index that are deleted because of this row: of the sessions that it merged. */
  readonly replaces?: (row: T) => readonly (string | number | bigint)[]
  readonly routing?: (row: T) => string | undefined
  /** Of ingest, for documents that are indexed or created: OpenSearch runs none for the other operations. */
  readonly pipeline?: string
  /** Default `generation`. */
  readonly versions?: DocumentVersions<T>
  readonly templates?: readonly IndexTemplate[]
  /**
   * A document that OpenSearch cannot take: it does not fit its mapping, has no id, is too large, or its row names an index
   * that is not there and may not be made. Default `fail`.
   */
  readonly onRejected?: OnRejected
  /**
   * Another sink, such as `s3Sink(...)`, that gets every document as it is sent, as part of the same checkpoints. Of those
   * alone that OpenSearch does not take, the dead letters of `onRejected` are the backup.
   */
  readonly backup?: Sink<BackupDocument>
  /** Whether the server is asked, before the first document, who it is and for what documents need. Default true. */
  readonly preflight?: boolean
  /** Default 1000. */
  readonly maxDocumentsPerCall?: number
  /** Of the body of one call. Default 5 MiB. */
  readonly maxBytesPerCall?: number
  /** How long a row waits for others that fill its call. Default 200. */
  readonly maxDelayMs?: number
  /** Calls under way at once, a subtask. Default 4. */
  readonly parallelCalls?: number
  /** Documents that wait or are under way, a subtask: no more are taken while it is as many. Default 10,000. */
  readonly bufferDocuments?: number
  /** The same in bytes. Default 32 MiB. */
  readonly bufferBytes?: number
  /** How long one document is tried again after throttling, server errors and a broken network. Default 300,000. */
  readonly retryForMs?: number
  /** How long a call may take. Default 60,000. */
  readonly callTimeoutMs?: number
}

export type OpenSearchOptions<T> = OpenSearchCommonOptions<T> & ConnectionOptions<Client, ClientOptions>

/** Options with their defaults, checked. */
export interface OpenSearchSettings<T>
  extends Pick<OpenSearchCommonOptions<T>, 'time' | 'id' | 'document' | 'replaces' | 'routing' | 'pipeline'> {
  readonly index: IndexNames | ((row: T) => string)
  readonly operation: DocumentOperation | ((row: T) => DocumentOperation)
  readonly versions: DocumentVersions<T>
  readonly templates: readonly IndexTemplate[]
  readonly onRejected: OnRejected
  readonly backup: Sink<BackupDocument> | undefined
  readonly preflight: boolean
  readonly connection: ConnectionSettings<Client, ClientOptions>
  readonly numbers: BatchNumbers
}

export const OPERATIONS: readonly DocumentOperation[] = ['index', 'create', 'update', 'upsert', 'delete']

const MIB = 1024 * 1024
const INTEGERS = {
  maxDocumentsPerCall: 1000,
  maxBytesPerCall: 5 * MIB,
  parallelCalls: 4,
  bufferDocuments: 10_000,
  bufferBytes: 32 * MIB,
}
const DURATIONS = { maxDelayMs: 200, retryForMs: 300_000, callTimeoutMs: 60_000 }

const OPTIONS = {
  node: true,
  auth: true,
  aws: true,
  tls: true,
  client: true,
  clientConfig: true,
  index: true,
  rotation: true,
  time: true,
  id: true,
  document: true,
  operation: true,
  replaces: true,
  routing: true,
  pipeline: true,
  versions: true,
  templates: true,
  onRejected: true,
  backup: true,
  preflight: true,
  maxDocumentsPerCall: true,
  maxBytesPerCall: true,
  maxDelayMs: true,
  parallelCalls: true,
  bufferDocuments: true,
  bufferBytes: true,
  retryForMs: true,
  callTimeoutMs: true,
} as const

/** @throws TidemarkError OPTION_INVALID */
export function settingsOf<T>(where: string, options: OpenSearchOptions<T>): OpenSearchSettings<T> {
  requireKnownOptions(where, options, OPTIONS)
  const { index, rotation, operation = 'index', versions = 'generation', templates = [], onRejected = 'fail' } = options
  const { id, document, time, replaces, routing, pipeline, backup, preflight = true } = options
  if (typeof id !== 'function') throw optionInvalid(where, 'id is a function of a row: the same row gives the same id')
  for (const [name, value] of Object.entries({ document, time, replaces, routing })) {
    if (value !== undefined && typeof value !== 'function') throw optionInvalid(where, `${name} is a function of a row`)
  }
  if (pipeline !== undefined && (typeof pipeline !== 'string' || pipeline === '')) {
    throw optionInvalid(where, 'pipeline is the name of an ingest pipeline')
  }
  if (pipeline !== undefined && (operation === 'update' || operation === 'upsert' || operation === 'delete')) {
    throw optionInvalid(where, `pipeline: OpenSearch runs none for ${operation}; use index or create, or leave it out`)
  }
  if (typeof preflight !== 'boolean') throw optionInvalid(where, 'preflight is true or false')
  if (typeof operation !== 'function')
    requireChoice(where, { name: 'operation', value: operation, choices: OPERATIONS })
  if (typeof versions !== 'function') {
    requireChoice(where, { name: 'versions', value: versions, choices: ['generation', 'none'] })
  }
  requireTemplates(where, templates)
  requireOnRejected(where, onRejected)
  requireBackup(where, backup)
  return {
    index: indexOf(where, index, rotation),
    id,
    ...(document && { document }),
    ...(time && { time }),
    ...(replaces && { replaces }),
    ...(routing && { routing }),
    ...(pipeline !== undefined && { pipeline }),
    operation,
    versions,
    templates,
    onRejected,
    backup,
    preflight,
    connection: connectionOf<Client, ClientOptions>(where, options),
    numbers: numbersOf(where, options),
  }
}

function indexOf<T>(where: string, index: string | ((row: T) => string), rotation: IndexRotation = 'none') {
  requireChoice(where, { name: 'rotation', value: rotation, choices: ['none', 'hour', 'day', 'week', 'month'] })
  if (typeof index === 'function') {
    if (rotation === 'none') return index
    throw optionInvalid(where, 'index is a function: it gives the whole name, so there is no rotation')
  }
  if (typeof index !== 'string') throw optionInvalid(where, 'index is the name of an index, or a function of a row')
  return indexNames(where, index, rotation)
}

function requireTemplates(where: string, templates: readonly IndexTemplate[]): void {
  if (!Array.isArray(templates)) throw optionInvalid(where, 'templates is an array of { name, body }')
  for (const template of templates) {
    requireKnownOptions<IndexTemplate>(`${where}: templates`, template, { name: true, body: true })
    if (typeof template.name !== 'string' || template.name === '') {
      throw optionInvalid(where, 'a template has a name')
    }
    if (typeof template.body !== 'object' || template.body === null) {
      throw optionInvalid(where, `the body of template '${template.name}' is an object with index_patterns`)
    }
  }
}

function numbersOf(where: string, options: OpenSearchOptions<never>): BatchNumbers {
  const numbers: Record<string, number> = {}
  for (const [name, standard] of Object.entries(INTEGERS)) {
    const value = options[name as keyof typeof INTEGERS] ?? standard
    if (!Number.isSafeInteger(value) || value < 1) {
      throw optionInvalid(where, `${name} is a whole number from 1 on, found ${value}`)
    }
    numbers[name] = value
  }
  for (const [name, standard] of Object.entries(DURATIONS)) {
    const value = options[name as keyof typeof DURATIONS] ?? standard
    const least = name === 'maxDelayMs' ? 0 : 1
    if (typeof value !== 'number' || !(value >= least)) {
      throw optionInvalid(where, `${name} is a number of milliseconds from ${least} on, found ${value}`)
    }
    numbers[name] = value
  }
  // Every name of both tables was set.
  const { maxDocumentsPerCall, bufferDocuments, ...rest } = numbers as Record<
    keyof typeof INTEGERS | keyof typeof DURATIONS,
    number
  >
  return { ...rest, maxRecordsPerCall: maxDocumentsPerCall, bufferRecords: bufferDocuments }
}
