import {
  listOperatorState,
  listState,
  mapState,
  type Stream,
  sideOutput,
  unionOperatorState,
  valueState,
} from 'tidemark'
import type { Event } from './expected.js'
import { AFTER_ALL, HEARERS, HELD, isDead, isPoison, isSkipped, isTriedAgain } from './function-rules.js'

/** What functions make of events: state and timers of a key, of a subtask and of a broadcast, and failures of all kinds. */
export function functionsOf(
  many: Stream<Event>,
  few: Stream<Event>,
  { lastOfFew, countOfFew }: { readonly lastOfFew: number; readonly countOfFew: number },
): Stream<object> {
  const tried = many.map(
    {
      open: () => new Set<number>(),
      map({ n }, before: Set<number>): object {
        // The first call fails, the second does not: `delete` says whether there was one.
        if (isTriedAgain(n) && !before.delete(n)) {
          before.add(n)
          throw new Error('as the test wants it, once')
        }
        if (isDead(n)) throw new RangeError('as the test wants it')
        return { of: 'tried', n }
      },
    },
    { chaining: 'never', onError: { retry: { attempts: 3, otherwise: 'deadLetter' } } },
  )
  const kept = many.map(
    ({ n }): object => {
      if (isSkipped(n)) throw new RangeError('as the test wants it')
      return { of: 'kept', n }
    },
    { chaining: 'new', onError: 'skip' },
  )
  const rooms = roomsOf(many)
  const announced = many.connect(few.broadcast({ seen: valueState<number>() })).process(
    'announced',
    {
      // How many it finds depends on which side is faster, but there are never more than there will be.
      onRecord: ({ n }, { broadcast }) => ((broadcast.seen.value() ?? 0) <= countOfFew ? [{ of: 'asked', n }] : []),
      onBroadcast(_event, { broadcast }) {
        const seen = (broadcast.seen.value() ?? 0) + 1
        broadcast.seen.update(seen)
        return [{ of: 'announced', seen }]
      },
    },
    { parallelism: HEARERS },
  )
  return kept.union(
    tried,
    numbersOf('dead', tried.failed),
    rooms,
    rooms.odd,
    numbersOf('poison', rooms.failed),
    heldOf(many, few, lastOfFew),
    announced,
  )
}

/** A call that fails has changed all of a key's state before. */
const roomsOf = (many: Stream<Event>) =>
  many
    .keyBy(({ room }) => room)
    .process(
      'rooms',
      {
        state: { seen: valueState<number>(), kinds: mapState<string, number>(), noted: listState<number>() },
        sideOutputs: { odd: sideOutput<object>() },
        process({ n, kind, room }, { state, timers, sideOutputs, processingTime }) {
          const seen = (state.seen.value() ?? 0) + 1
          state.seen.update(seen)
          state.kinds.put(kind, (state.kinds.get(kind) ?? 0) + 1)
          state.noted.add(n)
          timers.registerProcessingTime(processingTime + 5)
          timers.registerEventTime(AFTER_ALL)
          if (n % 2 === 1) sideOutputs.odd.emit({ of: 'odd', n })
          if (isPoison(n)) throw new RangeError('as the test wants it')
          return [{ of: 'seen', room, seen }]
        },
        // Which timer gives a number depends on the clock: that one of them does, and no other, does not.
        onTimer({ time }, { key: room, state }) {
          const noted = state.noted.values().map((n) => ({ of: 'noted', n }))
          state.noted.clear()
          if (time === 'processing') return noted
          return [...noted, { of: 'kinds', room, kinds: [...state.kinds.entries()].sort() }]
        },
      },
      { onError: 'deadLetter' },
    )

/** A subtask holds some numbers back, until all of them are told that the end is near. */
function heldOf(many: Stream<Event>, few: Stream<Event>, lastOfFew: number): Stream<object> {
  const ends = few.filter(({ n }) => n === lastOfFew).map((): number | 'end' => 'end')
  return many
    .map(({ n }): number | 'end' => n)
    .rebalance()
    .union(ends.replicate())
    .process('held', {
      operatorState: { held: listOperatorState<number>(), ended: unionOperatorState<boolean>() },
      process(n, { operatorState: { held, ended } }) {
        if (n === 'end') ended.update([true])
        else held.add(n)
        const isNearEnd = ended.values().length > 0 || ended.restored().length > 0
        if (!isNearEnd && held.values().length < HELD) return []
        const rows = held.values().map((number): object => ({ of: 'held', n: number }))
        held.clear()
        return rows
      },
    })
}

const numbersOf = (of: string, failed: Stream<{ readonly raw: Uint8Array }>): Stream<object> =>
  failed.map(({ raw }): object => ({ of, n: (JSON.parse(new TextDecoder().decode(raw)) as Event).n }))
