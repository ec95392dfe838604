import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  type KinesisClient,
  ListShardsCommand,
  type ListShardsCommandOutput,
} from '@aws-sdk/client-kinesis'
import { TidemarkError } from 'tidemark'
import { backoffMs, pause, type ReplayEnvironment, realEnvironment } from './environment.js'
import { isMissingStream, isStreamInUse, kindOfFailure, kinesisError } from './failure.js'

const CONNECT_FOR_MS = 10_000
const ACTIVE_WITHIN_MS = 120_000

export interface WaitForStreamOptions {
  /** Creates a missing stream with so many shards. Without it a missing stream is an error. */
  readonly createShards?: number
  /** How long to keep trying while Kinesis does not answer. Default 10 s. */
  readonly connectForMs?: number
  readonly environment?: ReplayEnvironment
  readonly signal?: AbortSignal
}

/**
 * Resolves when the stream can be used, to whether it was created here, and when, in epoch milliseconds.
 * @throws TidemarkError KINESIS_UNREACHABLE after `connectForMs`, KINESIS_REFUSED, KINESIS_STREAM_MISSING,
 * KINESIS_STREAM_NOT_ACTIVE after two minutes
 */
export async function waitForStream(
  client: KinesisClient,
  stream: string,
  options: WaitForStreamOptions = {},
): Promise<{ readonly isNew: boolean; readonly createdAt: number }> {
  const { connectForMs = CONNECT_FOR_MS, environment = realEnvironment(), createShards } = options
  const signal = options.signal ?? new AbortController().signal
  const startedAt = environment.clock.monotonic()
  let lastAnswerAt = startedAt
  let isNew = false
  for (let attempt = 0; ; attempt++) {
    const status = await statusOf(client, stream, signal)
    const now = environment.clock.monotonic()
    if (status.kind === 'active') return { isNew, createdAt: status.createdAt }
    if (status.kind === 'failed') {
      if (now - lastAnswerAt >= connectForMs) throw kinesisError(await unreachable(client, connectForMs), status.thrown)
    } else {
      lastAnswerAt = now
      if (now - startedAt > ACTIVE_WITHIN_MS) throw notActive(stream, status.kind)
      if (status.kind === 'missing') isNew = (await create(client, stream, { createShards, signal })) || isNew
    }
    await pause(environment, 20 + backoffMs(environment, Math.min(attempt, 4)), signal)
  }
}

type StreamStatus =
  | { readonly kind: 'active'; readonly createdAt: number }
  | { readonly kind: 'missing' | 'changing' }
  | { readonly kind: 'failed'; readonly thrown: unknown }

async function statusOf(client: KinesisClient, stream: string, abortSignal: AbortSignal): Promise<StreamStatus> {
  try {
    const answer = await client.send(new DescribeStreamSummaryCommand({ StreamName: stream }), { abortSignal })
    const { StreamStatus: status, StreamCreationTimestamp: created } = answer.StreamDescriptionSummary ?? {}
    if (status !== 'ACTIVE' && status !== 'UPDATING') return { kind: 'changing' }
    return { kind: 'active', createdAt: created?.getTime() ?? 0 }
  } catch (thrown) {
    if (isMissingStream(thrown)) return { kind: 'missing' }
    abortSignal.throwIfAborted()
    if (kindOfFailure(thrown) === 'refused') throw kinesisError(`stream '${stream}'`, thrown)
    return { kind: 'failed', thrown }
  }
}

/** Whether this call created it: someone else may have been faster, or the answer may get lost. */
async function create(
  client: KinesisClient,
  stream: string,
  { createShards, signal }: { createShards: number | undefined; signal: AbortSignal },
): Promise<boolean> {
  if (createShards === undefined) {
    throw new TidemarkError({
      code: 'KINESIS_STREAM_MISSING',
      domain: 'user',
      message: `stream '${stream}' does not exist: create it, or give the number of shards to create it with`,
    })
  }
  try {
    const command = new CreateStreamCommand({ StreamName: stream, ShardCount: createShards })
    await client.send(command, { abortSignal: signal })
    return true
  } catch (thrown) {
    signal.throwIfAborted()
    if (isStreamInUse(thrown) || kindOfFailure(thrown) !== 'refused') return false
    throw kinesisError(`creating stream '${stream}' with ${createShards} shards`, thrown)
  }
}

async function unreachable(client: KinesisClient, connectForMs: number): Promise<string> {
  const endpoint = await client.config.endpoint?.()
  const address =
    endpoint === undefined ? 'Kinesis' : `Kinesis at ${endpoint.protocol}//${endpoint.hostname}:${endpoint.port ?? 443}`
  return `${address} did not answer for ${connectForMs / 1000} s`
}

function notActive(stream: string, found: string): TidemarkError {
  return new TidemarkError({
    code: 'KINESIS_STREAM_NOT_ACTIVE',
    domain: 'connector',
    message: `stream '${stream}' did not become active within ${ACTIVE_WITHIN_MS / 1000} s, it is ${found}`,
    retryable: true,
  })
}

export interface ShardOfStream {
  readonly id: string
  /** Decimal, both inclusive. */
  readonly startingHashKey: string
  readonly endingHashKey: string
  /** Whether it takes records. */
  readonly isOpen: boolean
}

/** All shards that the stream still has, page by page, in the order of their hash keys. Rejects as the SDK does. */
export async function listShards(
  client: KinesisClient,
  stream: string,
  abortSignal: AbortSignal,
): Promise<readonly ShardOfStream[]> {
  const shards: ShardOfStream[] = []
  let nextToken: string | undefined
  do {
    // A page after the first names the token only.
    const input = nextToken === undefined ? { StreamName: stream } : { NextToken: nextToken }
    const page: ListShardsCommandOutput = await client.send(new ListShardsCommand(input), { abortSignal })
    for (const { ShardId: id, HashKeyRange: range, SequenceNumberRange: numbers } of page.Shards ?? []) {
      if (id === undefined || range?.StartingHashKey === undefined || range.EndingHashKey === undefined) continue
      const isOpen = numbers?.EndingSequenceNumber === undefined
      shards.push({ id, startingHashKey: range.StartingHashKey, endingHashKey: range.EndingHashKey, isOpen })
    }
    nextToken = page.NextToken
  } while (nextToken !== undefined)
  return shards.sort(byHashKey)
}

function byHashKey(one: ShardOfStream, other: ShardOfStream): number {
  const difference = BigInt(one.startingHashKey) - BigInt(other.startingHashKey)
  return difference < 0n ? -1 : Number(difference > 0n)
}
