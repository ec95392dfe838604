import type { Client } from '@opensearch-project/opensearch'
import type { Counter } from '../../core/context.js'
import type { TidemarkError } from '../../core/errors.js'
import { type CallAnswer, DONE, type RecordOutcome } from '../batching/call.js'
import type { DocumentRecord } from './documents.js'
import {
  accessDenied,
  documentRejected,
  indexMissing,
  type Place,
  pipelineMissing,
  type ServerError,
  saidOf,
} from './errors.js'
import { httpFailure } from './http-failure.js'
import { send } from './request.js'

export interface BulkOptions {
  readonly client: Client
  readonly place: Place
  readonly pipeline: string | undefined
  /** Each document names its own: what one index lacks, those of others may have. */
  readonly isIndexByRow: boolean
  readonly callTimeoutMs: number
  /** Documents that turned out to be there already, or to be superseded. */
  readonly alreadyApplied: Counter
}

interface Item {
  readonly status?: number
  readonly error?: ServerError | string
}

interface BulkAnswer {
  readonly items?: readonly Readonly<Record<string, Item>>[]
}

/** What is needed of an answer: the rest of each item would be parsed for nothing. */
const FILTER = 'items.*.status,items.*.error'

/** Sends documents as one `_bulk`. Never rejects for what OpenSearch says. */
export async function bulk(
  options: BulkOptions,
  records: readonly DocumentRecord[],
  signal: AbortSignal,
): Promise<CallAnswer> {
  const { client, place, pipeline, callTimeoutMs } = options
  let lines = ''
  for (const record of records) lines += record.lines
  const querystring = { filter_path: FILTER, ...(pipeline !== undefined && { pipeline }) }
  let answer: BulkAnswer
  try {
    answer = (await send(
      client,
      { method: 'POST', path: '/_bulk', querystring, lines },
      { signal, timeoutMs: callTimeoutMs },
    )) as BulkAnswer // What is missing in it is taken for an outcome that is not known.
  } catch (thrown) {
    const failure = httpFailure(thrown, place, signal)
    if (failure.kind !== 'contents') return failure
    // 400 is one bad document that spoils the call: the others must not pay for it.
    return {
      kind: 'split',
      isTooLarge: failure.status === 413,
      problem: documentRejected(place, records[0]!, `${failure.status}: ${failure.said}`),
    }
  }
  return outcomes(options, records, answer)
}

function outcomes(options: BulkOptions, records: readonly DocumentRecord[], answer: BulkAnswer): CallAnswer {
  const { items } = typeof answer === 'object' && answer !== null ? answer : {}
  if (items?.length !== records.length) {
    return { kind: 'retry', said: 'the answer is none of _bulk', isThrottled: false }
  }
  const found: RecordOutcome[] = []
  for (let index = 0; index < items.length; index++) {
    const item = Object.values(items[index]!)[0] ?? {}
    const { status = 0, error } = item
    if (status === 401 || status === 403) {
      const said = saidOf(error)
      // A block on one index says nothing of who calls, but no document of it gets through either.
      return { kind: 'failed', problem: accessDenied(options.place, status, said) }
    }
    const record = records[index]!
    const missing = missingFor(options, record, { status, error })
    if (missing?.isForAll) return { kind: 'failed', problem: missing.problem }
    found.push(missing ? { kind: 'rejected', problem: missing.problem } : outcomeOf(options, record, { status, error }))
  }
  return { kind: 'records', outcomes: found }
}

interface ItemAnswer {
  readonly status: number
  readonly error: ServerError | string | undefined
}

interface Missing {
  readonly problem: TidemarkError
  /** To give up one document after the other would lose them all. */
  readonly isForAll: boolean
}

/** What is no fault of the document itself. */
function missingFor(
  { place, pipeline, isIndexByRow }: BulkOptions,
  { operation, index }: DocumentRecord,
  { status, error }: ItemAnswer,
): Missing | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { type, reason } = error
  if (status === 400 && type === 'illegal_argument_exception') {
    const [, name] = /^pipeline with id \[(.*)\] does not exist$/.exec(reason ?? '') ?? []
    if (name !== undefined) {
      // Another than the option's is of the index.
      return { problem: pipelineMissing(place, name, saidOf(error)), isForAll: name === pipeline || !isIndexByRow }
    }
  }
  if (type !== 'index_not_found_exception' || operation === 'delete') return undefined
  return { problem: indexMissing(place, index, saidOf(error)), isForAll: !isIndexByRow }
}

function outcomeOf(
  { place, alreadyApplied }: BulkOptions,
  record: DocumentRecord,
  { status, error }: ItemAnswer,
): RecordOutcome {
  if (status >= 200 && status < 300) return DONE
  const { operation, isVersioned } = record
  // Neither the document nor, with an error, its index is there.
  if (status === 404 && operation === 'delete') return DONE
  if (status === 409 && (isVersioned || operation === 'create')) {
    // An earlier attempt, an earlier generation, or a later result of this id got there first.
    alreadyApplied.add()
    return DONE
  }
  const said = `${status}: ${saidOf(error)}`
  // Its pipeline says no, by 500, and always will.
  if (typeof error === 'object' && error?.type === 'fail_processor_exception') {
    return { kind: 'rejected', problem: documentRejected(place, record, said) }
  }
  if (status === 429) return { kind: 'retry', said, isThrottled: true }
  // Of an update 409 is somebody else who writes it at the same time.
  if (status === 409 || status >= 500 || status === 0) return { kind: 'retry', said, isThrottled: false }
  return { kind: 'rejected', problem: documentRejected(place, record, said) }
}
