import { boundedOutOfOrderness, count, defineJob, millis, type Source, type Stream, tumbling } from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { AROUND_MS, COPIES, DISORDER_MS, DRIFT_MS, type Event, PARTS, WINDOW_MS } from './expected.js'

export const RESULTS = [
  'rebalanced',
  'rescaled',
  'forwarded',
  'replicated',
  'partitioned',
  'high',
  'low',
  'rest',
  'near',
] as const

export interface Sources {
  readonly many: Source<Event>
  readonly few: Source<Event>
}

/** Fails once, at the so many-th event. */
export interface Fault {
  at: number
}

/** Every way in which records go to subtasks, a split, and two sources that wait for each other, in one job. */
export const streamsJob = (out: string, sources: Sources, fault: Fault) =>
  defineJob('streams', (job) => {
    const byTime = boundedOutOfOrderness<Event>({
      timestamp: ({ at }) => at,
      maxDelay: millis(DISORDER_MS),
      maxDrift: millis(DRIFT_MS),
      alignmentGroup: 'events',
    })
    const write = (name: (typeof RESULTS)[number], rows: Stream<object>) =>
      rows.to(`${name}-lines`, fileSink<object>({ path: `${out}/${name}`, format: jsonLines() }))
    const many = job.from('many', sources.many, byTime).map((event) => {
      if (--fault.at === 0) throw new Error('as the test wants it')
      return event
    })
    const few = job.from('few', sources.few, byTime)
    const numberOf = ({ n }: Event): object => ({ n })
    const withSubtask = {
      open: (context: { readonly subtask: { readonly index: number } }) => context.subtask.index,
      map: ({ n }: Event, subtask: number) => ({ n, subtask }),
    }

    write('rebalanced', many.rebalance().map(numberOf, { parallelism: 4 }))
    write('rescaled', many.rescale().map(numberOf, { parallelism: 6 }))
    write('forwarded', many.forward().map(numberOf))
    write('replicated', many.replicate().map(withSubtask, { parallelism: COPIES }))
    const byRoom = many.partitionBy(
      ({ room }) => room,
      (room, subtasks) => room % subtasks,
    )
    write('partitioned', byRoom.map(withSubtask, { parallelism: PARTS }))

    const { high, low, rest } = many.split({
      high: ({ kind }) => kind === 'high',
      low: ({ kind }) => kind === 'low',
    })
    const counted = (id: string, events: Stream<Event>): Stream<object> =>
      events
        .keyBy(({ room }) => room)
        .window(tumbling(millis(WINDOW_MS)))
        .aggregate(id, { events: count() })
        .map(({ key, window, events: n }) => ({ room: key, end: window.end, events: n }))
    // What a window counts has come over a way of its own: the watermark must not pass it there.
    const spread = high.rebalance().filter(() => true, { parallelism: 3 })
    write('high', counted('high', spread))
    write('low', low.rescale().map(numberOf))
    write('rest', counted('rest', rest))

    const around = millis(AROUND_MS)
    const rooms = few.keyBy(({ room }) => room)
    const near = many
      .keyBy(({ room }) => room)
      .intervalJoin(rooms, { lower: { before: around }, upper: around })
      .process('near', ({ n }, other) => [{ n, other: other.n }])
    write('near', near)
  })
