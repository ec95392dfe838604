import { type KinesisClient, MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis'
import { seeded } from '../trips/index.js'
import { backoffMs, pause, type ReplayEnvironment, realEnvironment } from './environment.js'
import { isStreamInUse, kindOfFailure, kinesisError } from './failure.js'
import { listShards, type ShardOfStream } from './stream.js'

export interface ReshardOptions {
  readonly client: KinesisClient
  readonly stream: string
  /** How many splits and merges, together. */
  readonly times: number
  /** The same seed chooses the same shards and the same pauses. Default 1. */
  readonly seed?: number
  /** Open shards, at most. Default: four more than there are at the start. */
  readonly maxShards?: number
  /** Between two of them at most, the mean being half. Default 200. */
  readonly maxPauseMs?: number
  /** Fails if Kinesis allows none for so long. Default 60 s. */
  readonly giveUpMs?: number
  readonly signal?: AbortSignal
  readonly environment?: ReplayEnvironment
}

export interface Resharded {
  readonly splits: number
  readonly merges: number
}

/**
 * Splits and merges shards of a stream at random, one after the other: for streams that are there to be tried on.
 * @throws TidemarkError KINESIS_REFUSED, KINESIS_UNREACHABLE; the signal's reason when that aborts
 */
export async function reshard(options: ReshardOptions): Promise<Resharded> {
  const { client, stream, times, maxPauseMs = 200, environment = realEnvironment(), giveUpMs = 60_000 } = options
  const signal = options.signal ?? new AbortController().signal
  const { next } = seeded(options.seed ?? 1)
  const counts = { splits: 0, merges: 0 }
  let maxShards = options.maxShards
  let lastAt = environment.clock.monotonic()
  for (let attempt = 0; counts.splits + counts.merges < times; ) {
    await pause(environment, next() * maxPauseMs + (attempt === 0 ? 0 : backoffMs(environment, attempt)), signal)
    try {
      const open = (await listShards(client, stream, signal)).filter(({ isOpen }) => isOpen)
      maxShards ??= open.length + 4
      const change = changeOf(open, { next, maxShards })
      if (change.kind === 'split') await split(options, { ...change, signal })
      else await merge(options, { ...change, signal })
      counts[change.kind === 'split' ? 'splits' : 'merges']++
      lastAt = environment.clock.monotonic()
      attempt = 0
    } catch (thrown) {
      signal.throwIfAborted()
      // A stream that is being changed is in use; an answer that got lost leaves other shards, which are listed anew.
      const mayPass = isStreamInUse(thrown) || kindOfFailure(thrown) !== 'refused'
      if (!mayPass || environment.clock.monotonic() - lastAt >= giveUpMs) {
        throw kinesisError(`resharding stream '${stream}'`, thrown)
      }
      attempt++
    }
  }
  return counts
}

type Change =
  | { readonly kind: 'split'; readonly shard: ShardOfStream; readonly at: bigint }
  | { readonly kind: 'merge'; readonly shard: ShardOfStream; readonly neighbour: ShardOfStream }

/** @param open by hash key, at least one */
function changeOf(
  open: readonly ShardOfStream[],
  { next, maxShards }: { next: () => number; maxShards: number },
): Change {
  const index = Math.floor(next() * open.length)
  const shard = open[index] as ShardOfStream // the index is below the length
  const neighbour = open[index + 1] ?? open[index - 1]
  const isMerge = next() < 0.5
  const place = 0.1 + 0.8 * next()
  const start = BigInt(shard.startingHashKey)
  const size = BigInt(shard.endingHashKey) - start
  if (neighbour !== undefined && (size < 16n || open.length >= maxShards || isMerge))
    return { kind: 'merge', shard, neighbour }
  return { kind: 'split', shard, at: start + 1n + (size * BigInt(Math.round(place * 1000))) / 1000n }
}

async function split({ client, stream }: ReshardOptions, { shard, at, signal }: ChangeOf<'split'>): Promise<void> {
  const input = { StreamName: stream, ShardToSplit: shard.id, NewStartingHashKey: at.toString() }
  await client.send(new SplitShardCommand(input), { abortSignal: signal })
}

async function merge(
  { client, stream }: ReshardOptions,
  { shard, neighbour, signal }: ChangeOf<'merge'>,
): Promise<void> {
  const input = { StreamName: stream, ShardToMerge: shard.id, AdjacentShardToMerge: neighbour.id }
  await client.send(new MergeShardsCommand(input), { abortSignal: signal })
}

type ChangeOf<Kind extends Change['kind']> = Extract<Change, { kind: Kind }> & { readonly signal: AbortSignal }
