import { TidemarkError } from '../../core/errors.js'
import type { KinesisSplit } from './split.js'

/** How many names a message has. */
const SHOWN = 10

/** The positions of a checkpoint are those of another stream. */
export function streamChanged(
  operatorId: string,
  before: { readonly arn: string; readonly createdAt: number },
  found: string,
): TidemarkError {
  return new TidemarkError({
    code: 'KINESIS_STREAM_CHANGED',
    domain: 'user',
    operatorId,
    message:
      `source '${operatorId}': the checkpoint belongs to ${before.arn}, created ${isoOf(before.createdAt)}; found ` +
      `${found}. Its positions mean nothing there: give the source another id, or start the job afresh`,
  })
}

/** What ended early was put away as read: there is no going on in it, nor in what follows it. */
export function endChanged(
  operatorId: string,
  stream: string,
  end: { readonly asked: string; readonly now: string | null },
) {
  return new TidemarkError({
    code: 'KINESIS_END_CHANGED',
    domain: 'user',
    operatorId,
    message:
      `source '${operatorId}': the checkpoint is of a job that read ${stream} up to an end (${short(end.asked)}), expected that ` +
      `again, found ${end.now === null ? 'no endAt' : `another one (${short(end.now)})`}. A shard that was read to its end is not ` +
      'read on: start another job, with startAt where this one ended',
  })
}

function short(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text
}

export function shardsUnknown(
  operatorId: string,
  missing: readonly string[],
  present: readonly string[],
): TidemarkError {
  return new TidemarkError({
    code: 'KINESIS_SHARD_UNKNOWN',
    domain: 'user',
    operatorId,
    message:
      `source '${operatorId}': startAt and endAt name shards that the stream does not have: ${missing.join(', ')}; it ` +
      `has ${shown(present)}`,
  })
}

/** Shards are gone, with all records in them, before they were read to their end. */
export function shardsExpired(splits: readonly KinesisSplit[], operatorId: string): TidemarkError {
  return new TidemarkError({
    code: 'KINESIS_POSITION_EXPIRED',
    domain: 'connector',
    operatorId,
    message:
      `source '${operatorId}': shards have expired before they were read to their end; lost is ${shown(splits.map(gapOf))}. ` +
      "Set onTrimmed: 'continue' to go on without it, or start afresh",
  })
}

function gapOf({ shardId, streamArn, position, readUpTo }: KinesisSplit): string {
  const from =
    readUpTo !== null
      ? `what arrived in it after ${isoOf(readUpTo)}`
      : position.kind === 'horizon'
        ? 'all of it'
        : `what came from ${JSON.stringify(position)} on`
  return `${shardId} of ${streamArn} (${from})`
}

function shown(names: readonly string[]): string {
  const more = names.length - SHOWN
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** A given instant, not the wall clock: only that is forbidden. */
function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString()
}
