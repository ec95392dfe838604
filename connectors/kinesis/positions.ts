import { optionInvalid } from '../../core/options.js'
import type { KinesisSplit, ShardPosition } from './split.js'

export type ShardEnd = Pick<KinesisSplit, 'endsAt' | 'endsAtTip' | 'stopAt' | 'endAsked'>

/** From this record on, or from the one behind it. */
export type SequencePosition =
  | { readonly at: string; readonly after?: undefined }
  | { readonly after: string; readonly at?: undefined }

/**
 * `horizon`: the oldest record that is still there. `latest`: what arrives from the job's first start on. A timestamp
 * (epoch milliseconds or a Date): what arrived at or after it. `shards`: a position for each shard id (`stream/shardId`
 * where there are several streams); parents of those that are named count as read, others start at the horizon.
 */
export type KinesisStart =
  | 'horizon'
  | 'latest'
  | { readonly timestamp: Date | number; readonly shards?: undefined }
  | { readonly shards: Readonly<Record<string, SequencePosition>>; readonly timestamp?: undefined }

/**
 * `tip`: what the stream holds when the job first starts with this end. A timestamp: what arrived at or before it, which may lie ahead.
 * `shards`: for each shard id (`stream/shardId` where there are several streams) `at` ends before that record, `after`
 * behind it, so that what starts there begins with the next one; shards that are not named end at the tip.
 */
export type KinesisEnd = 'tip' | Exclude<KinesisStart, string>

const SEQUENCE_NUMBER = /^(0|[1-9]\d{0,128})$/
const WHERE = 'kinesis'

/** @throws TidemarkError OPTION_INVALID */
export function checkStart(start: KinesisStart): void {
  if (start !== 'horizon' && start !== 'latest') check('startAt', start, `'horizon', 'latest'`)
}

/** @throws TidemarkError OPTION_INVALID */
export function checkEnd(end: KinesisEnd): void {
  if (end !== 'tip') check('endAt', end, `'tip'`)
}

/** A read that would find nothing is a mistake. @throws TidemarkError OPTION_INVALID */
export function checkRange(start: KinesisStart, end: KinesisEnd): void {
  if (typeof start !== 'object' || typeof end !== 'object') return
  if (start.timestamp !== undefined && end.timestamp !== undefined && Number(end.timestamp) < Number(start.timestamp)) {
    throw optionInvalid(WHERE, `endAt lies before startAt: ${Number(end.timestamp)} < ${Number(start.timestamp)}`)
  }
  for (const [shard, { at, after }] of Object.entries(start.shards ?? {})) {
    const stop = end.shards?.[shard]
    if (stop === undefined || BigInt(stop.at ?? stop.after) >= BigInt(at ?? after)) continue
    throw optionInvalid(WHERE, `endAt.shards['${shard}'] lies before startAt.shards['${shard}']`)
  }
}

function check(option: string, position: Exclude<KinesisStart, string>, others: string): void {
  if (typeof position !== 'object' || position === null) {
    throw optionInvalid(WHERE, `${option} is ${others}, { timestamp } or { shards }, found ${String(position)}`)
  }
  if (position.timestamp !== undefined) {
    if (position.shards !== undefined) throw optionInvalid(WHERE, `${option} has either timestamp or shards`)
    const timestamp = Number(position.timestamp)
    if (timestamp >= 0 && timestamp <= 8.64e15) return
    throw optionInvalid(
      WHERE,
      `${option}.timestamp is a Date or epoch milliseconds, found ${String(position.timestamp)}`,
    )
  }
  for (const [shardId, { at, after }] of Object.entries(position.shards ?? {})) {
    if ((at === undefined) !== (after === undefined) && SEQUENCE_NUMBER.test(String(at ?? after))) continue
    throw optionInvalid(
      WHERE,
      `${option}.shards['${shardId}'] is { at } or { after } with a sequence number as a string`,
    )
  }
  if (position.shards === undefined) throw optionInvalid(WHERE, `${option} has either timestamp or shards`)
}

/** Where a shard begins that the first listing has. `resolvedMs`: when `latest` was. */
export function startOf(start: KinesisStart, shard: string, resolvedMs: number): ShardPosition {
  if (start === 'horizon') return { kind: 'horizon' }
  if (start === 'latest') return { kind: 'timestamp', timestampMs: resolvedMs }
  if (start.timestamp !== undefined) return { kind: 'timestamp', timestampMs: Number(start.timestamp) }
  const { at, after } = start.shards[shard] ?? {}
  if (at !== undefined) return { kind: 'at', sequenceNumber: at }
  if (after !== undefined) return { kind: 'after', sequenceNumber: after, subSequence: null }
  return { kind: 'horizon' }
}

/** What a job asks for, as a checkpoint keeps it: one text for one meaning. Null: no end. */
export function askedEnd(end: KinesisEnd | undefined): string | null {
  if (end === undefined || end === 'tip') return end ?? null
  if (end.timestamp !== undefined) return `timestamp ${Number(end.timestamp)}`
  return `shards ${JSON.stringify(Object.entries(end.shards).sort(([one], [other]) => (one < other ? -1 : 1)))}`
}

/**
 * Where a shard ends, whenever it is found.
 * @param tipMs no earlier than the start that asked for the end; null: the shard's reader finds it out
 */
export function endOf(end: KinesisEnd | undefined, shard: string, tipMs: number | null): ShardEnd {
  const endAsked = askedEnd(end)
  if (end === undefined) return { endsAt: null, endsAtTip: false, stopAt: null, endAsked }
  if (typeof end === 'object') {
    if (end.timestamp !== undefined) return { endsAt: Number(end.timestamp), endsAtTip: false, stopAt: null, endAsked }
    const { at, after } = end.shards[shard] ?? {}
    const sequenceNumber = at ?? after
    const kind = at === undefined ? 'after' : 'at'
    if (sequenceNumber !== undefined) {
      return { endsAt: null, endsAtTip: false, stopAt: { kind, sequenceNumber }, endAsked }
    }
  }
  return { endsAt: tipMs, endsAtTip: true, stopAt: null, endAsked }
}
