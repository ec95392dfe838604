import type { Counter } from '../context.js'
import { type Duration, formatDuration } from '../duration.js'
import { MAX_WATERMARK } from '../element.js'
import type { KeyTimers } from '../operators/process-function.js'
import { type SideOutput, sideOutput } from '../operators/side-output.js'
import type { ValueState } from '../state/backend.js'
import { valueState } from '../state/declare.js'
import type { Key } from '../state/key.js'
import type { KeyedStream } from '../stream/keyed-stream.js'
import { PROCESS_OPTIONS } from '../stream/placement.js'
import type { ProcessOptions, Stream } from '../stream/stream.js'
import type { TimeDomain } from '../window/index.js'
import { addPattern } from './add-pattern.js'
import { requireTimestamp } from './require-timestamp.js'
import { millisOf, type Place, requireOneOf, requireOptions } from './settings.js'
import { type Sighting, withSighting } from './sightings.js'

export interface AbsenceOptions extends ProcessOptions {
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
 * 1. What counts is event time, not the order in which records come: a record that nothing follows in time gives a row,
 *    whatever has come of a later time by then.
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
  requireOptions(place, options, { within: true, time: true, atEndOfInput: true, ...PROCESS_OPTIONS })
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
  readonly options: ProcessOptions
}

function addAbsence<K extends Key, T>(
  keyed: KeyedStream<K, T>,
  place: Place,
  { withinMs, time, isReportedAtEnd, options }: Settings,
): Absences<K, T> {
  const state = {
    sightings: valueState<readonly Sighting<T>[]>(),
    /** The timer that looks at the first of them. There is one at a time: it is not moved with each record. */
    looksAt: valueState<number>(),
  }
  const isEventTime = time === 'event'
  function lookAt([oldest]: readonly Sighting<T>[], looksAt: ValueState<number>, timers: KeyTimers): void {
    if (oldest === undefined) {
      looksAt.clear()
      return
    }
    looksAt.update(oldest.at + withinMs)
    if (isEventTime) timers.registerEventTime(oldest.at + withinMs)
    else timers.registerProcessingTime(oldest.at + withinMs)
  }
  return addPattern<K, T, typeof state, { readonly late: SideOutput<T> }, never, Absence<K, T>, Counter>(keyed, {
    ...place,
    label: `absence(${formatDuration({ ms: withinMs })}${isEventTime ? '' : ', processing time'})`,
    options,
    definition: {
      state,
      sideOutputs: { late: sideOutput<T>() },
      open: ({ metrics }) => metrics.counter('lateRecords'),
      process(record, { timestamp, watermark, processingTime, state, timers, sideOutputs }, late) {
        const at = isEventTime ? timestamp : processingTime
        if (isEventTime) {
          requireTimestamp(place, timestamp)
          if (timestamp + withinMs <= watermark) {
            late.add()
            sideOutputs.late.emit(record)
            return
          }
        }
        const before = (state.sightings.value() ?? NONE) as readonly Sighting<T>[]
        const sightings = withSighting(before, { at, record }, withinMs)
        if (sightings === before) return
        state.sightings.update(sightings)
        if (before.length === 0 || sightings[0]?.at !== before[0]?.at) lookAt(sightings, state.looksAt, timers)
      },
      onTimer({ timestamp }, { key, watermark, state, timers }) {
        // A look that an older record has replaced.
        if (state.looksAt.value() !== timestamp) return
        // Somebody is looked at as long as somebody is there.
        const [oldest, ...others] = state.sightings.value() as readonly [Sighting<T>, ...Sighting<T>[]]
        state.sightings.update(others)
        lookAt(others, state.looksAt, timers)
        if (others.length === 0) state.sightings.clear()
        const isFollowed = others[0] !== undefined && others[0].at <= timestamp
        if (isFollowed || (isEventTime && watermark === MAX_WATERMARK && !isReportedAtEnd)) return
        return [{ key, last: oldest.record, lastAt: oldest.at, absentAt: timestamp }]
      },
    },
  })
}

const NONE: readonly never[] = []
