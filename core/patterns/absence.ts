import type { Counter } from '../context.js'
import { type Duration, formatDuration } from '../duration.js'
import { MAX_WATERMARK } from '../element.js'
import { type SideOutput, sideOutput } from '../operators/side-output.js'
import { valueState } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { KeyedStream } from '../stream/keyed-stream.js'
import type { StepOptions, Stream } from '../stream/stream.js'
import type { TimeDomain } from '../window/index.js'
import { addPattern } from './add-pattern.js'
import { requireTimestamp } from './require-timestamp.js'
import { millisOf, type Place, requireOneOf, requireOptions, STEP_OPTIONS } from './settings.js'

export interface AbsenceOptions extends StepOptions {
  /** A key is absent when no record of it follows within this time; one that comes exactly then is in time. */
  readonly within: Duration
  /**
   * `event` (default): by the records' own time, which stands still while nothing at all comes. `processing`: by the wall
   * clock of their arrival, which goes on.
   */
  readonly time?: TimeDomain
  /** What becomes of the keys that are waited for when the input ends, or the job is drained. Default `report`. */
  readonly atEndOfInput?: 'report' | 'ignore'
}

export interface Absence<out K extends Key, out T> {
  readonly key: K
  /** The record that nothing followed. */
  readonly last: T
  readonly lastAt: number
  /** `lastAt` and `within`; in event time also the row's timestamp. */
  readonly absentAt: number
}

export interface Absences<out K extends Key, out T> extends Stream<Absence<K, T>> {
  /** Records so late that the time in which another had to follow is over, too. They are counted. */
  readonly late: Stream<T>
}

/**
 * Says when no record of a key has come for a time: once, until the key has a record again.
 *
 * 1. A key is waited for from its newest record on; an older one that comes later changes nothing.
 * 2. A late record still counts as a sign of life while the time that it opens is not over. A row that has gone out
 *    is not taken back.
 * 3. A key that never had a record is not known, and not missed.
 * @param id unique in the job: its state is found by it in savepoints.
 * @example sensors.keyBy((s) => s.sensor).pipe(absence('silent', { within: minutes(10) }))
 * @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID
 */
export function absence(
  id: string,
  options: AbsenceOptions,
): <K extends Key, T>(keyed: KeyedStream<K, T>) => Absences<K, T> {
  const place = { step: 'absence', id }
  requireOptions(place, options, { within: true, time: true, atEndOfInput: true, ...STEP_OPTIONS })
  const withinMs = millisOf(place, 'within', options.within)
  const { time = 'event', atEndOfInput = 'report' } = options
  requireOneOf(place, 'time', time, ['event', 'processing'])
  requireOneOf(place, 'atEndOfInput', atEndOfInput, ['report', 'ignore'])
  return (keyed) => addAbsence(keyed, place, { withinMs, time, isReportedAtEnd: atEndOfInput === 'report', options })
}

interface Settings {
  readonly withinMs: number
  readonly time: TimeDomain
  readonly isReportedAtEnd: boolean
  readonly options: StepOptions
}

interface Seen<T> {
  readonly last: T
  readonly at: number
  /** The timer that looks whether something followed. There is one at a time: it is not moved with each record. */
  readonly looksAt: number
}

function addAbsence<K extends Key, T>(
  keyed: KeyedStream<K, T>,
  place: Place,
  { withinMs, time, isReportedAtEnd, options }: Settings,
): Absences<K, T> {
  const state = { seen: valueState<Seen<T>>() }
  const isEventTime = time === 'event'
  return addPattern<K, T, typeof state, { readonly late: SideOutput<T> }, never, Absence<K, T>, Counter>(keyed, {
    ...place,
    label: `absence(${formatDuration({ ms: withinMs })}${isEventTime ? '' : ', processing time'})`,
    options,
    definition: {
      state,
      sideOutputs: { late: sideOutput<T>() },
      open: ({ metrics }) => metrics.counter('lateRecords'),
      process(record, { timestamp, watermark, processingTime, state: { seen }, timers, sideOutputs }, late) {
        const at = isEventTime ? timestamp : processingTime
        if (isEventTime) {
          requireTimestamp(place, timestamp)
          if (timestamp + withinMs <= watermark) {
            late.add()
            sideOutputs.late.emit(record)
            return
          }
        }
        const before = seen.value()
        if (before !== undefined && at < before.at) return
        if (before === undefined) {
          if (isEventTime) timers.registerEventTime(at + withinMs)
          else timers.registerProcessingTime(at + withinMs)
        }
        seen.update({ last: record, at, looksAt: before?.looksAt ?? at + withinMs })
      },
      onTimer({ timestamp }, { key, watermark, state: { seen }, timers }) {
        const newest = seen.value()
        if (newest === undefined || newest.looksAt !== timestamp) return
        const absentAt = newest.at + withinMs
        if (absentAt > timestamp) {
          if (isEventTime) timers.registerEventTime(absentAt)
          else timers.registerProcessingTime(absentAt)
          seen.update({ ...newest, looksAt: absentAt } as Seen<T>)
          return
        }
        seen.clear()
        if (isEventTime && watermark === MAX_WATERMARK && !isReportedAtEnd) return
        return [{ key, last: newest.last as T, lastAt: newest.at, absentAt }]
      },
    },
  })
}
