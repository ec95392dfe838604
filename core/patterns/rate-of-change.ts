import type { Counter } from '../context.js'
import { type Duration, formatDuration } from '../duration.js'
import { type SideOutput, sideOutput } from '../operators/side-output.js'
import { mapState, valueState } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { KeyedStream } from '../stream/keyed-stream.js'
import { PROCESS_OPTIONS } from '../stream/placement.js'
import type { ProcessOptions, Stream } from '../stream/stream.js'
import { addPattern } from './add-pattern.js'
import { requireTimestamp } from './require-timestamp.js'
import { millisOf, type Place, requireOptions, requireSelector } from './settings.js'
import { finiteOf } from './value-invalid.js'

export interface RateOfChangeOptions<in T> extends ProcessOptions {
  /** What changes: a counter's reading, a temperature. Finite. */
  readonly of: (record: T) => number
  /** The unit of time of `rate`. Default: a second. */
  readonly per?: Duration
  /**
   * After a longer time without a record the next one begins anew, and gives no row. Until then the key is remembered:
   * without it, for ever.
   */
  readonly maxGap?: Duration
}

/** Between a record of a key and the one before it. */
export interface Change<out K extends Key, out T> {
  readonly key: K
  /** The later one of both; the row has its timestamp. */
  readonly record: T
  readonly difference: number
  /** Always positive. */
  readonly elapsedMs: number
  /** `difference` for each `per` of `elapsedMs`. */
  readonly rate: number
}

export interface Changes<out K extends Key, out T> extends Stream<Change<K, T>> {
  /** Records at or before the watermark: the row that they would have changed has gone out. They are counted. */
  readonly late: Stream<T>
}

/**
 * How a value of a key changes from record to record, in the order of event time.
 *
 * 1. A record waits until the watermark reaches it: nothing comes any more that lies before it.
 * 2. Of several records with one timestamp the one that came last counts; the others are counted as `replacedRecords`.
 * 3. The first record of a key gives no row.
 * @param id unique in the job: its state is found by it in savepoints.
 * @example meters.keyBy((m) => m.meter).pipe(rateOfChange('power', { of: (m) => m.wattHours, per: hours(1) }))
 * @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID
 */
export function rateOfChange<K extends Key, T>(
  id: string,
  options: RateOfChangeOptions<T>,
): (keyed: KeyedStream<K, T>) => Changes<K, T> {
  const place = { step: 'rateOfChange', id }
  requireOptions(place, options, { of: true, per: true, maxGap: true, ...PROCESS_OPTIONS })
  requireSelector(place, 'of', options.of)
  const settings: Settings<T> = {
    of: options.of,
    perMs: options.per === undefined ? 1000 : millisOf(place, 'per', options.per),
    maxGapMs: options.maxGap === undefined ? Number.POSITIVE_INFINITY : millisOf(place, 'maxGap', options.maxGap),
    options,
  }
  return (keyed) => addRateOfChange(keyed, place, settings)
}

interface Settings<T> {
  readonly of: (record: T) => number
  readonly perMs: number
  /** Infinite: none. */
  readonly maxGapMs: number
  readonly options: ProcessOptions
}

interface Newest {
  readonly at: number
  readonly value: number
  /** The timer that looks whether the key is to be forgotten; there is one at a time. */
  readonly looksAt: number
}

interface Counters {
  readonly late: Counter
  readonly replaced: Counter
}

function addRateOfChange<K extends Key, T>(
  keyed: KeyedStream<K, T>,
  place: Place,
  { of, perMs, maxGapMs, options }: Settings<T>,
): Changes<K, T> {
  const state = {
    waiting: mapState<number, { readonly value: number; readonly record: T }>(),
    newest: valueState<Newest>(),
  }
  const gap = maxGapMs === Number.POSITIVE_INFINITY ? '' : `, gap ${formatDuration({ ms: maxGapMs })}`
  return addPattern<K, T, typeof state, { readonly late: SideOutput<T> }, never, Change<K, T>, Counters>(keyed, {
    ...place,
    label: `rateOfChange(per ${formatDuration({ ms: perMs })}${gap})`,
    options,
    definition: {
      state,
      sideOutputs: { late: sideOutput<T>() },
      open: ({ metrics }) => ({
        late: metrics.counter('lateRecords'),
        replaced: metrics.counter('replacedRecords'),
      }),
      process(record, { timestamp, watermark, state: { waiting }, timers, sideOutputs }, { late, replaced }) {
        requireTimestamp(place, timestamp)
        if (timestamp <= watermark) {
          late.add()
          sideOutputs.late.emit(record)
          return
        }
        // First of all: a record that is given up has replaced none.
        const value = finiteOf(place, 'of', of(record))
        if (waiting.has(timestamp)) replaced.add()
        else timers.registerEventTime(timestamp)
        waiting.put(timestamp, { value, record })
      },
      onTimer({ timestamp }, { key, state: { waiting, newest }, timers }) {
        const before = newest.value()
        const now = waiting.get(timestamp)
        if (now === undefined) {
          // Nothing but the look at an old key.
          if (before === undefined || before.looksAt !== timestamp) return
          if (before.at + maxGapMs <= timestamp) newest.clear()
          else newest.update({ ...before, looksAt: look(before.at) })
          return
        }
        waiting.remove(timestamp)
        const isLookedAt = before !== undefined && before.looksAt > timestamp
        newest.update({ at: timestamp, value: now.value, looksAt: isLookedAt ? before.looksAt : look(timestamp) })
        if (before === undefined) return
        const elapsedMs = timestamp - before.at
        const difference = now.value - before.value
        return [{ key, record: now.record as T, difference, elapsedMs, rate: (difference / elapsedMs) * perMs }]

        function look(from: number): number {
          const at = from + maxGapMs
          if (at !== Number.POSITIVE_INFINITY) timers.registerEventTime(at)
          return at
        }
      },
    },
  })
}
