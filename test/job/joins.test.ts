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
