import type { Counter } from '../../context.js'
import { type Duration, formatDuration } from '../../duration.js'
import { GIVEN_UP } from '../../operators/guard/call-guard.js'
import type { WaitedCalls } from '../../operators/guard/waited-calls.js'
import type { KeyedProcess } from '../../operators/process-function.js'
import { type SideOutput, sideOutput } from '../../operators/side-output.js'
import type { ValueState } from '../../state/backend.js'
import { type ValueDeclaration, valueState } from '../../state/declare.js'
import type { Key } from '../../state/key.js'
import type { KeyedStream } from '../../stream/keyed-stream.js'
import { PROCESS_OPTIONS } from '../../stream/placement.js'
import type { ProcessOptions, Stream } from '../../stream/stream.js'
import { addPattern } from '../add-pattern.js'
import { addTo, bufferState, takeFrom } from '../event-time-buffer.js'
import { requireTimestamp } from '../require-timestamp.js'
import { millisOf, type Place, requireCount, requireOneOf, requireOptions } from '../settings.js'
import { advance, begin, capturesOf, hasAllSteps, type Moment, type PartialMatch } from './matching.js'
import { type CompiledPattern, compilePattern, type Pattern, type PatternStart } from './pattern.js'

export interface SequenceOptions<T, C> extends ProcessOptions {
  /** `(p) => p.begin('order', isOrder).notFollowedBy(isCancelled).followedBy('payment', isPayment)` */
  readonly pattern: (pattern: PatternStart<T>) => Pattern<T, C>
  /** The last record of a match comes less than this after its first one; exactly then is too late. */
  readonly within: Duration
  /**
   * What a match does to the other partial matches of its key. `noSkip` (default): nothing, each beginning has its own
   * match. `skipPastLastEvent`: those that began no later than its last record are dropped, so that no record is in two.
   */
  readonly afterMatch?: 'noSkip' | 'skipPastLastEvent'
  /** Of a key at a time. One more, and the oldest is given up: it goes to `.unfinished`. Default 1000. */
  readonly maxPartialMatches?: number
}

export interface SequenceMatch<out K extends Key, out C> {
  readonly key: K
  /** The record of each step, by its name. */
  readonly captures: C
  /** Event time of the first and of the last of them. */
  readonly startedAt: number
  readonly endedAt: number
}

/** A sequence that began and was not completed. One that was ended by what it rules out is no such. */
export interface UnfinishedSequence<out K extends Key, out C> {
  readonly key: K
  readonly captures: Partial<C>
  readonly startedAt: number
  /** The step that did not come; undefined when all had, and only their time was not over. */
  readonly awaited: string | undefined
  /** `timeout`: not within its time. `limit`: the key had more than `maxPartialMatches`. */
  readonly reason: 'timeout' | 'limit'
}

export interface SequenceMatches<out K extends Key, out T, out C> extends Stream<SequenceMatch<K, C>> {
  readonly unfinished: Stream<UnfinishedSequence<K, C>>
  /** Records at or before the watermark: their turn has passed. They are counted. */
  readonly late: Stream<T>
}

/**
 * Finds records of a key that follow each other: A, then B without C between them, within 10 minutes.
 *
 * 1. Records are looked at in the order of event time, those of one timestamp in the order in which they came. So a
 *    record waits until the watermark reaches it.
 * 2. Every record that fits `begin` begins a partial match, which takes the first record that fits its next step, passes
 *    over what fits nothing, and is ended by what is ruled out. A record fills one step of a partial match at most, and what
 *    is ruled out is looked at first.
 * 3. A match comes out with its last record, and with that one's timestamp; where something is ruled out behind the
 *    last step, when the time is over.
 * @param id unique in the job: its state is found by it in savepoints.
 * @example
 * events.keyBy((event) => event.order).pipe(
 *   sequence('unpaid', {
 *     pattern: (p) => p.begin('order', (e) => e.type === 'order').notFollowedBy((e) => e.type === 'payment'),
 *     within: minutes(10),
 *   }),
 * )
 * @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID
 */
export function sequence<K extends Key, T, C>(
  id: string,
  options: SequenceOptions<T, C>,
): (keyed: KeyedStream<K, T>) => SequenceMatches<K, T, C> {
  const place = { step: 'sequence', id }
  requireOptions(place, options, {
    pattern: true,
    within: true,
    afterMatch: true,
    maxPartialMatches: true,
    ...PROCESS_OPTIONS,
  })
  const { afterMatch = 'noSkip', maxPartialMatches: limit = 1000 } = options
  const withinMs = millisOf(place, 'within', options.within)
  requireOneOf(place, 'afterMatch', afterMatch, ['noSkip', 'skipPastLastEvent'])
  requireCount(place, 'maxPartialMatches', limit)
  const pattern = compilePattern(place, options.pattern)
  const skips = afterMatch === 'skipPastLastEvent'
  const settings = { pattern, withinMs, limit, skips }
  return (keyed) =>
    addPattern<K, T, State<T>, Sides<K, T, C>, never, SequenceMatch<K, C>, Counters>(keyed, {
      ...place,
      label: `sequence(${stepsOf(pattern)}; ${formatDuration({ ms: withinMs })})`,
      options,
      definition: definitionOf(place, settings),
      perSubtask: (calls) => definitionOf(place, settings, calls),
    })
}

/**
 * The steps are a part of the name: partial matches of other steps are then state that the job has no place for, which is
 * refused as such.
 */
type Partials = `partials(${string})`
type State<T> = ReturnType<typeof bufferState<T>> & {
  readonly [Name in Partials]: ValueDeclaration<readonly PartialMatch<T>[]>
}

type Sides<K extends Key, T, C> = {
  readonly unfinished: SideOutput<UnfinishedSequence<K, C>>
  readonly late: SideOutput<T>
}

interface Counters {
  readonly late: Counter
  readonly timedOut: Counter
  readonly givenUp: Counter
}

interface Settings<T> {
  readonly pattern: CompiledPattern<T>
  readonly withinMs: number
  readonly limit: number
  readonly skips: boolean
}

function definitionOf<K extends Key, T, C>(
  place: Place,
  { pattern, withinMs, limit, skips }: Settings<T>,
  calls?: WaitedCalls,
): KeyedProcess<K, T, State<T>, Sides<K, T, C>, never, SequenceMatch<K, C>, Counters> {
  const isCompletedByTime = pattern.lastWithout.length > 0
  const name: Partials = `partials(${stepsOf(pattern)})`
  return {
    state: { ...bufferState<T>(), [name]: valueState<readonly PartialMatch<T>[]>() },
    sideOutputs: { unfinished: sideOutput<UnfinishedSequence<K, C>>(), late: sideOutput<T>() },
    open: ({ metrics }) => ({
      late: metrics.counter('lateRecords'),
      timedOut: metrics.counter('timedOutMatches'),
      givenUp: metrics.counter('givenUpMatches'),
    }),
    process(record, { timestamp, watermark, state, timers, sideOutputs }, { late }) {
      requireTimestamp(place, timestamp)
      if (timestamp <= watermark) {
        late.add()
        sideOutputs.late.emit(record)
        return
      }
      // One that cannot be given to `begin` is given up here, where it is known where it was read.
      if (calls?.isGuarded) begin(pattern, { record, at: timestamp })
      addTo(state, timestamp, record)
      timers.registerEventTime(timestamp)
    },
    onTimer({ timestamp: at }, { key, state, timers, sideOutputs }, { timedOut, givenUp }) {
      // It is declared under this name.
      const stored = state[name] as ValueState<readonly PartialMatch<T>[]>
      const before = (stored.value() ?? NONE) as readonly PartialMatch<T>[]
      const rows: SequenceMatch<K, C>[] = []
      // What is over at this moment is over for the records of this moment.
      let partials = endOf(before)
      for (const record of takeFrom(state, at)) partials = lookAlone(partials, { record, at })
      if (partials.length === 0) stored.clear()
      else if (partials !== before) stored.update(partials)
      return rows

      /** With an error policy a record that fails is given up alone: all is as if it had never come. */
      function lookAlone(open: readonly PartialMatch<T>[], moment: Moment<T>): readonly PartialMatch<T>[] {
        if (!calls?.isGuarded) return look(open, moment)
        const found = rows.length
        const call = (): readonly PartialMatch<T>[] => {
          // Of an attempt before.
          rows.length = found
          return look(open, moment)
        }
        const left = calls.one(call, { record: moment.record, timestamp: at, name: 'a test of the pattern' })
        if (left !== GIVEN_UP) return left
        rows.length = found
        return open
      }

      /** What is left of the partial matches behind a record, and those that it begins. */
      function look(open: readonly PartialMatch<T>[], moment: Moment<T>): readonly PartialMatch<T>[] {
        const left: PartialMatch<T>[] = []
        let isChanged = false
        for (const partial of open) {
          const advanced = advance(pattern, partial, moment)
          if (advanced !== partial) isChanged = true
          if (advanced === undefined) continue
          if (isCompletedByTime || !hasAllSteps(pattern, advanced)) {
            left.push(advanced)
            continue
          }
          rows.push(matchOf(advanced))
          // All of them began before this record, and it is in a match.
          if (skips) return NONE
        }
        const begun = begin(pattern, moment)
        // What nothing has changed is not stored again.
        if (begun === undefined) return isChanged ? left : open
        left.push(begun)
        timers.registerEventTime(at + withinMs)
        return left.length > limit ? giveUpOldest(left) : left
      }

      function giveUpOldest([oldest, ...others]: readonly PartialMatch<T>[]): readonly PartialMatch<T>[] {
        givenUp.add()
        // The limit is at least one: there is an oldest.
        sideOutputs.unfinished.emit(unfinished(oldest as PartialMatch<T>, 'limit'))
        return others
      }

      /** What is left when those are over whose time is over. The oldest come first. */
      function endOf(open: readonly PartialMatch<T>[]): readonly PartialMatch<T>[] {
        let left = open
        for (let oldest = left[0]; oldest !== undefined && oldest.startedAt + withinMs <= at; oldest = left[0]) {
          left = left.slice(1)
          if (hasAllSteps(pattern, oldest)) {
            const match = matchOf(oldest)
            rows.push(match)
            if (skips) left = left.filter(({ startedAt }) => startedAt > match.endedAt)
            continue
          }
          timedOut.add()
          sideOutputs.unfinished.emit(unfinished(oldest, 'timeout'))
        }
        return left
      }

      function matchOf(partial: PartialMatch<T>): SequenceMatch<K, C> {
        const { startedAt, endedAt } = partial
        return { key, captures: capturesOf(pattern, partial) as C, startedAt, endedAt }
      }

      function unfinished(partial: PartialMatch<T>, reason: 'timeout' | 'limit'): UnfinishedSequence<K, C> {
        const awaited = pattern.steps[partial.records.length]?.name
        return {
          key,
          captures: capturesOf(pattern, partial) as Partial<C>,
          startedAt: partial.startedAt,
          awaited,
          reason,
        }
      }
    },
  }
}

const stepsOf = ({ steps }: CompiledPattern<never>): string => steps.map(({ name }) => name).join(', ')

const NONE: readonly never[] = []
