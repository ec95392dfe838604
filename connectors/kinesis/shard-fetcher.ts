import type { _Record, ChildShard } from '@aws-sdk/client-kinesis'
import type { ReaderContext } from '../../core/connector.js'
import type { KinesisApi } from './api.js'
import type { KinesisNumbers } from './options.js'
import type { Retention } from './retention.js'
import type { ShardMetrics } from './shard-metrics.js'
import type { KinesisSplit } from './split.js'

/** How the records of one shard get here. The reader does not know which way it is: polling or enhanced fan-out. */
export interface ShardFetcher {
  /** Fetches until `stop` or the end of the shard. Rejects with what broke it. */
  run(): Promise<void>
  /** A question is being asked, or the last one failed: what was last heard may be out of date. */
  readonly isBusy: boolean
  /** There may be room in the buffer again. */
  onPolled(): void
  /** Something must be known soon: asks again as early as the limits allow. */
  hurry(): void
  stop(): void
}

export interface FetcherOptions {
  readonly api: KinesisApi
  readonly context: ReaderContext
  readonly numbers: KinesisNumbers
  readonly metrics: ShardMetrics
  readonly retention: Retention
  /** Where to begin. */
  readonly split: KinesisSplit
  /** For messages. */
  readonly where: string
  readonly endpoint: string
  /** Records and bytes that wait to be polled. */
  readonly buffered: () => { readonly count: number; readonly bytes: number }
  readonly onAnswer: (answer: Answer) => void
}

/** What one GetRecords returned, or one event of a subscription. */
export interface Answer {
  readonly records: readonly _Record[]
  readonly millisBehindLatest: number
  /** Of a shard that was split or merged, with its end, where the server says so. */
  readonly children: readonly ChildShard[]
  /** The question was asked after the last `hurry`. */
  readonly isFresh: boolean
  readonly isAtTip: boolean
  readonly isShardEnd: boolean
  /** Wall-clock time: nothing that arrived before is missing. */
  readonly calledAt: number
}
