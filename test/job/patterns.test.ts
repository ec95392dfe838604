import { boundedOutOfOrderness, count, defineJob, millis, tumbling } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { deduplicate, type Pattern, type PatternStart, sequence, topPerWindow } from 'tidemark/patterns'
import { expect, test } from 'vitest'
import { testJob } from '../testing.js'

interface Event {
  readonly user: string
  readonly kind: string
  readonly at: number
}

const event = (user: string, kind: string, at: number): Event => ({ user, kind, at })
const byTime = boundedOutOfOrderness({ timestamp: (value: Event) => value.at, maxDelay: millis(0) })

test('patterns follow each other: what was once, counted by window, ranked', async () => {
  const job = defineJob('ranked', (builder) => {
    builder
      .from('events', collection<Event>([]), byTime)
      .keyBy(({ user, kind }) => [user, kind])
      .pipe(deduplicate('once', { within: millis(5) }))
      .keyBy(({ user }) => user)
      .window(tumbling(millis(10)))
      .aggregate('per-user', { events: count() })
      .pipe(topPerWindow('top', { n: 1, by: (row) => row.events }))
      .map(({ key, window, events, rank }) => `${window.end} ${rank} ${key} ${events}`)
      .to('out', collectInto<string>([]))
  })
  const events = [
    event('a', 'x', 1),
    event('a', 'x', 1),
    event('b', 'x', 2),
    event('b', 'y', 2),
    event('a', 'y', 11),
    event('b', 'x', 12),
  ]
  for (const parallelism of [1, 3]) {
    const run = await testJob(job, { sources: { events }, parallelism })
    await run.finish()
    expect([...run.results('out')].sort()).toEqual(['10 1 b 2', '20 1 a 1'])
  }
})

const found = (pattern: (p: PatternStart<Event>) => Pattern<Event, unknown>) =>
  defineJob('found', (builder) => {
    builder
      .from('events', collection<Event>([]), byTime)
      .keyBy(({ user }) => user)
      .pipe(sequence('found', { pattern, within: millis(100) }))
      .to('out', collectInto<unknown>([]))
  })
const is = (kind: string) => (one: Event) => one.kind === kind

test('partial matches of a pattern with other steps are refused, naming both', async () => {
  const events = [event('a', 'x', 1), event('b', 'z', 2), event('b', 'z', 3)]
  const job = found((p) => p.begin('x', is('x')).followedBy('y', is('y')))
  const savepoint = async () => (await testJob(job, { sources: { events } })).savepoint()
  const same = await testJob(job, { sources: { events: [...events, event('a', 'y', 4)] }, from: await savepoint() })
  await same.finish()
  expect(same.results('out')).toMatchObject([{ key: 'a', startedAt: 1, endedAt: 4 }])
  const others = testJob(
    found((p) => p.begin('x', is('x')).followedBy('z', is('z'))),
    { sources: { events }, from: await savepoint() },
  )
  await expect(others.then((run) => run.finish())).rejects.toMatchObject({
    code: 'STATE_WITHOUT_OPERATOR',
    message: expect.stringMatching(/partials\(x, y\)/),
  })
})
