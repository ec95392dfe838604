import { boundedOutOfOrderness, defineJob, seconds, valueState } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { expect, test } from 'vitest'
import { testJob } from '../testing.js'

interface Event {
  readonly ride: string
  readonly at: number
}

const event = (ride: string, at: number): Event => ({ ride, at })
const byTime = boundedOutOfOrderness({ timestamp: (value: Event) => value.at, maxDelay: seconds(0) })
const rides = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const minutesOfRides = defineJob('rides', (job) => {
  const starts = job.from('starts', collection<Event>([]), byTime).keyBy(({ ride }) => ride)
  const ends = job.from('ends', collection<Event>([]), byTime).keyBy(({ ride }) => ride)
  starts
    .connect(ends)
    .process('meet', {
      state: { start: valueState<number>() },
      onLeft: ({ at }, ctx) => ctx.state.start.update(at),
      onRight: ({ ride, at }, ctx) => [`${ride} ${at - (ctx.state.start.value() ?? Number.NaN)}`],
    })
    .to('rides', collectInto<string>([]))
})

test('two keyed streams meet at any parallelism, and after a restore at any other', async () => {
  const starts = rides.map((ride, index) => event(ride, 1000 + index))
  for (const [before, after] of [
    [1, 4],
    [3, 2],
  ] as const) {
    const first = await testJob(minutesOfRides, { sources: { starts, ends: [] }, parallelism: before })
    const from = await first.savepoint()
    const second = await testJob(minutesOfRides, { sources: { starts, ends: [] }, parallelism: after, from })
    await second.send(
      'ends',
      rides.map((ride) => event(ride, 2000)),
    )
    await second.finish()
    expect([...second.results('rides')].sort()).toEqual(rides.map((ride, index) => `${ride} ${1000 - index}`))
  }
})

test('a stream may be connected to itself: it comes by both sides', async () => {
  const job = defineJob('self', (builder) => {
    const keyed = builder.from('events', collection<Event>([])).keyBy(({ ride }) => ride)
    keyed
      .connect(keyed)
      .process('both', { onLeft: ({ ride }) => [`left ${ride}`], onRight: ({ ride }) => [`right ${ride}`] })
      .to('out', collectInto<string>([]))
  })
  const run = await testJob(job, { sources: { events: [event('a', 1), event('b', 2)] }, parallelism: 2 })
  await run.finish()
  expect([...run.results('out')].sort()).toEqual(['left a', 'left b', 'right a', 'right b'])
})

const bounds = (upper: number) => ({ lower: { before: seconds(1) }, upper: seconds(upper) })
const nearOnes = (upper: number) =>
  defineJob('near', (job) => {
    const starts = job.from('starts', collection<Event>([]), byTime).keyBy(({ ride }) => ride)
    const ends = job.from('ends', collection<Event>([]), byTime).keyBy(({ ride }) => ride)
    const near = starts
      .intervalJoin(ends, bounds(upper))
      .process('near', (start, end) => [`${start.ride} ${end.at - start.at}`])
    near.to('pairs', collectInto<string>([]))
    near.lateLeft.union(near.lateRight).to('late', collectInto<Event>([]))
  })

test('an interval join goes on after a restore at any other parallelism; what is late stays late', async () => {
  const starts = rides.map((ride, index) => event(ride, 10_000 + index))
  for (const [before, after] of [
    [1, 4],
    [3, 2],
  ] as const) {
    const ends = [event('a', 10_500)]
    const first = await testJob(nearOnes(5), { sources: { starts, ends }, parallelism: before })
    const from = await first.savepoint()
    expect(first.results('pairs')).toEqual(['a 500'])
    const second = await testJob(nearOnes(5), { sources: { starts, ends }, parallelism: after, from })
    await second.send('ends', [...rides.map((ride) => event(ride, 12_000)), event('a', 9_000)])
    await second.finish()
    expect([...second.results('pairs')].sort()).toEqual(rides.map((ride, index) => `${ride} ${2000 - index}`).sort())
    expect(second.results('late')).toEqual([event('a', 9_000)])
  }
})

test('records that were kept for other bounds are refused, naming both', async () => {
  const first = await testJob(nearOnes(5), { sources: { starts: [event('a', 10_000)], ends: [] } })
  const from = await first.savepoint()
  const second = testJob(nearOnes(6), { sources: { starts: [event('a', 10_000)], ends: [] }, from })
  await expect(second.then((run) => run.finish())).rejects.toMatchObject({
    code: 'JOIN_STATE_INCOMPATIBLE',
    message: expect.stringMatching(/interval\(-1000ms, 6000ms\).*interval\(-1000ms, 5000ms\)/),
  })
})
