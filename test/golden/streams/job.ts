import { boundedOutOfOrderness, count, defineJob, millis, type Stream, tumbling } from 'tidemark'
import { type Given, type GoldenJob, lineWriter } from '../golden-job.js'
import {
  AROUND_MS,
  COPIES,
  DISORDER_MS,
  DRIFT_MS,
  type Event,
  expectedResults,
  type Input,
  makeInput,
  PARTS,
  WINDOW_MS,
} from './expected.js'
import { functionsOf } from './functions.js'

const RESULTS = [
  'rebalanced',
  'rescaled',
  'forwarded',
  'replicated',
  'partitioned',
  'high',
  'low',
  'rest',
  'near',
  'functions',
] as const

/** Every way in which records go to subtasks, a split, two sources that wait for each other, and functions with state. */
const streamsJob = ({ out, input, source, failOnce }: Given<Input>) =>
  defineJob('streams', (job) => {
    const byTime = boundedOutOfOrderness<Event>({
      timestamp: ({ at }) => at,
      maxDelay: millis(DISORDER_MS),
      maxDrift: millis(DRIFT_MS),
      alignmentGroup: 'events',
    })
    const write = lineWriter<(typeof RESULTS)[number]>(out)
    const many = job.from('many', source(input.many), byTime).map((event) => failOnce(event))
    const few = job.from('few', source(input.few), byTime)
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

    const numbersOfFew = input.few.flat().map(({ n }) => n)
    const end = { lastOfFew: Math.max(...numbersOfFew), countOfFew: numbersOfFew.length }
    write('functions', functionsOf(many, few, end))
  })

export const streams: GoldenJob<Input> = {
  name: 'streams',
  results: RESULTS,
  makeInput,
  build: streamsJob,
  expectedResults,
}
