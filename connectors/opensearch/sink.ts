import type { Sink, WriterContext } from '../../core/connector.js'
import { TidemarkError } from '../../core/errors.js'
import { BatchWriter } from '../batching/writer.js'
import { type Reject, withDeadLetters } from '../dead-letters/with-dead-letters.js'
import { type Give, withSideSink } from '../dead-letters/with-side-sink.js'
import type { BackupDocument } from './backup.js'
import { bulk } from './bulk.js'
import { type DocumentRecord, Documents } from './documents.js'
import { type Place, unavailable } from './errors.js'
import { type OpenSearchOptions, type OpenSearchSettings, settingsOf } from './options.js'
import { type ClientLease, SharedClient } from './shared-client.js'

/**
 * Rows as documents of OpenSearch. Each has an id that follows from the row, and a version that only grows, so writing it
 * again changes nothing, and after a failure the index comes to what it would have been without it. It may be ahead of the
 * last checkpoint. Needs `@opensearch-project/opensearch`.
 * @throws TidemarkError OPTION_INVALID
 * @example
 * cells.to('hotspots', openSearch({
 *   node: 'https://search.example:9200',
 *   index: 'pickup_count',
 *   id: (cell) => `${cell.key}@${cell.window.end}`,
 * }))
 */
export function openSearch<T>(options: OpenSearchOptions<T>): Sink<T> {
  const settings = settingsOf('openSearch', options)
  const shared = new SharedClient(settings.connection)
  const giving = (give: Give<BackupDocument> | undefined): Sink<T> =>
    withDeadLetters<T>(
      {
        kind: 'opensearch',
        guarantee: 'idempotent',
        describe: () => description(options),
        async write(context, reject) {
          requireNoState(context)
          return writer(settings, { context, reject, give, lease: await shared.lease(context, settings) })
        },
      },
      settings.onRejected,
    )
  const { backup } = settings
  if (backup === undefined) return giving(undefined)
  return withSideSink<T, BackupDocument>(
    { ...giving(undefined), write: (context, give) => giving(give).write(context) },
    { sink: backup, rows: 'documents', suffix: 'backup', mark: 'ofBackup' },
  )
}

function description<T>({ index, rotation = 'none', operation = 'index' }: OpenSearchOptions<T>): string {
  const name = typeof index === 'string' ? index : 'index by row'
  return [
    rotation === 'none' ? name : `${name} by ${rotation}`,
    typeof operation === 'function' ? 'operation by row' : operation,
  ].join(', ')
}

/** It has none of its own: what comes back is of a sink beside it, which has taken what belongs to it. */
function requireNoState({ operatorId, restored }: WriterContext): void {
  if (restored.length === 0) return
  throw new TidemarkError({
    code: 'STATE_WITHOUT_OPERATOR',
    domain: 'user',
    operatorId,
    message:
      `sink '${operatorId}': the checkpoint has files that its backup or its dead letters go on with, and there is no such ` +
      'option now; give it back until they have ended, or restore an older savepoint',
  })
}

interface Opened {
  readonly context: WriterContext
  readonly reject: Reject
  readonly give: Give<BackupDocument> | undefined
  readonly lease: ClientLease
}

function writer<T>(
  settings: OpenSearchSettings<T>,
  { context, reject, give, lease }: Opened,
): BatchWriter<T, DocumentRecord> {
  const { operatorId, environment, metrics, claimedAt } = context
  const { numbers, pipeline } = settings
  const { client, nodes } = lease
  const place: Place = { operatorId, nodes }
  const onRejected: Reject = (letter, problem) => {
    metrics.counter('rejectedRows', { code: letter.code }).add()
    reject(letter, problem)
  }
  const documents = new Documents<T>({ operatorId, environment, claimedAt, settings, onRejected, onDocument: give })
  const alreadyApplied = metrics.counter('alreadyApplied')
  const call = {
    ...{ client, place, pipeline, isIndexByRow: typeof settings.index === 'function' },
    ...{ callTimeoutMs: numbers.callTimeoutMs, alreadyApplied },
  }
  return new BatchWriter<T, DocumentRecord>({
    context,
    numbers,
    isOrdered: !isOrderedByVersions(settings),
    recordsOf: (batch, row, takenAt) => documents.of(batch, row, takenAt),
    send: (records, signal) => bulk(call, records, signal),
    onRejected: (record, problem) => onRejected(documents.letterOf(record, problem), problem),
    gaveUp: (failure, triedForMs) => unavailable(place, failure, triedForMs),
    async onClose() {
      // The client waits a whole second for requests whose end it has not noticed yet.
      await environment.yield()
      await lease.release()
    },
  })
}

/**
 * OpenSearch itself refuses what is older, so documents of one id need not wait for each other. Of deleted ones it forgets
 * the version after a while (index.gc_deletes, 60 s), and an older write could bring them back.
 */
function isOrderedByVersions<T>({ operation, versions, replaces }: OpenSearchSettings<T>): boolean {
  return operation === 'index' && versions !== 'none' && replaces === undefined
}
