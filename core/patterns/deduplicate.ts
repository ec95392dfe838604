import type { Counter } from '../context.js'
import { type Duration, formatDuration } from '../duration.js'
import { type SideOutput, sideOutput } from '../operators/side-output.js'
import { listState } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { KeyedStream } from '../stream/keyed-stream.js'
import { PROCESS_OPTIONS } from '../stream/placement.js'
import type { ProcessOptions, Stream } from '../stream/stream.js'
import { addPattern } from './add-pattern.js'
import { requireTimestamp } from './require-timestamp.js'
import { millisOf, type Place, requireOptions } from './settings.js'

export interface DeduplicateOptions extends ProcessOptions {
  /** Two records of a key are duplicates when their event times are less than this apart. */
  readonly within: Duration
  /** How far behind the watermark a record is still compared; keys are remembered that much longer. Default 0. */
  readonly allowedLateness?: Duration
}

/** The records that were the first of their key. */
export interface Deduplicated<out T> extends Stream<T> {
  /** The others. They are counted, read or not. */
  readonly duplicates: Stream<T>
  /** Records behind the watermark, of which it is no longer known whether they are duplicates. They are counted. */
  readonly late: Stream<T>
}

const STATE = { times: listState<number>() }

/**
 * Lets the first record of a key through, at once, and no other whose event time is within a time of it. The key is the
 * id: `keyBy` what makes two records the same.
 *
 * 1. First is who came first. What follows is compared with those that went on, before and after it in event time.
 * 2. A time is forgotten when the watermark says that nothing comes any more that is near it.
 * @param id unique in the job: its state is found by it in savepoints.
 * @example orders.keyBy((order) => order.id).pipe(deduplicate('unique', { within: hours(24) }))
 * @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID
 */
export function deduplicate(
  id: string,
  options: DeduplicateOptions,
): <K extends Key, T>(keyed: KeyedStream<K, T>) => Deduplicated<T> {
  const place = { step: 'deduplicate', id }
  requireOptions(place, options, { within: true, allowedLateness: true, ...PROCESS_OPTIONS })
  const settings = {
    withinMs: millisOf(place, 'within', options.within),
    latenessMs:
      options.allowedLateness === undefined ? 0 : millisOf(place, 'allowedLateness', options.allowedLateness, 0),
  }
  return (keyed) => addDeduplicate(keyed, place, { ...settings, options })
}

interface Settings {
  readonly withinMs: number
  readonly latenessMs: number
  readonly options: ProcessOptions
}

interface Counters {
  readonly duplicates: Counter
  readonly late: Counter
}

function addDeduplicate<K extends Key, T>(
  keyed: KeyedStream<K, T>,
  place: Place,
  { withinMs, latenessMs, options }: Settings,
): Deduplicated<T> {
  // The last moment of the watermark at which a record comes that is near `time` and not late.
  const remembersUntil = (time: number): number => time + withinMs + latenessMs - 1
  return addPattern<K, T, typeof STATE, Sides<T>, T, never, Counters>(keyed, {
    ...place,
    label: `deduplicate(${formatDuration({ ms: withinMs })})`,
    options,
    definition: {
      state: STATE,
      sideOutputs: { duplicates: sideOutput<T>(), late: sideOutput<T>() },
      open: ({ metrics }) => ({ duplicates: metrics.counter('duplicates'), late: metrics.counter('lateRecords') }),
      process(record, { timestamp, watermark, state, timers, sideOutputs }, { duplicates, late }) {
        requireTimestamp(place, timestamp)
        if (timestamp + latenessMs <= watermark) {
          late.add()
          sideOutputs.late.emit(record)
          return
        }
        for (const time of state.times.values()) {
          if (Math.abs(timestamp - time) >= withinMs) continue
          duplicates.add()
          sideOutputs.duplicates.emit(record)
          return
        }
        state.times.add(timestamp)
        timers.registerEventTime(remembersUntil(timestamp))
        return [record]
      },
      onTimer({ timestamp }, { state }) {
        state.times.update(state.times.values().filter((time) => remembersUntil(time) > timestamp))
      },
    },
  })
}

type Sides<T> = { readonly duplicates: SideOutput<T>; readonly late: SideOutput<T> }
