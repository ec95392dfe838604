import type { Sink, Source } from '../connector.js'
import type { NoPromise } from '../no-promise.js'
import type { SourceStream, StepOptions } from '../stream/stream.js'
import type { WatermarkStrategy } from '../time/watermark-strategy.js'

type PlainSource<T> = NoPromise<
  T,
  'A source gives values, not promises. Give what it reads from, and wait in stream.mapAsync(id, async (value) => ...).'
>

/** What a job's function gets: where its streams begin. */
export interface JobBuilder<out P> {
  /** Validated by the job's schema. */
  readonly parameters: P

  /**
   * A stream of what `source` reads. Event time belongs here: watermarks are made for each split of the source.
   * @param id unique in the job: positions are found by it in checkpoints.
   * @param watermarks default `noWatermarks()`: event-time windows then wait for the end of the input.
   * @example
   * job.from('trips', source, boundedOutOfOrderness({ timestamp: (trip) => trip.endedAt, maxDelay: seconds(60) }))
   */
  from<T>(
    id: string,
    source: Source<T> & PlainSource<T>,
    watermarks?: WatermarkStrategy<T>,
    options?: StepOptions,
  ): SourceStream<T>
}

/** Connectors to use in place of the job's own, by id: how tests and tools run a job on other data. */
export interface Overrides {
  readonly sources?: Readonly<Record<string, Source<unknown>>>
  // A sink that takes anything takes what the job's own does.
  readonly sinks?: Readonly<Record<string, Sink<unknown>>>
}
