import { minutes } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { run } from 'tidemark/run'
import { startLocalS3, testJob } from 'tidemark/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Click } from '../../../examples/clickstream/click.js'
import { clickstreamJob, type LateClick, type Visit } from '../../../examples/clickstream/job.js'
import { madeUpClicks } from '../../../examples/clickstream/made-up.js'
import { visitSink } from '../../../examples/clickstream/sinks.js'
import { choices, SEED } from '../../golden/taxi/seeded.js'
import { expectedSessions, expectedStagger, visitText } from './expected.js'

const MINUTE_MS = 60_000

const job = () =>
  clickstreamJob({
    clicks: collection<Click>([]),
    sessions: collectInto<Visit>([]),
    stagger: collectInto<Visit>([]),
    late: collectInto<LateClick>([]),
    gap: minutes(10),
    length: minutes(15),
  })

const click = (minute: number, action = 'view', user = 'ann'): Click => ({
  user,
  device: 'phone',
  action,
  at: minute * MINUTE_MS,
})

type Test = Awaited<ReturnType<typeof testJob>>
const visits = (test: Test, sink: string): string[] => test.results<Visit>(sink).map(visitText).sort()

describe('clicks of one user and device', () => {
  it('are a session until ten minutes pass, and windows of fifteen minutes from the first one', async () => {
    const clicks = [click(3, 'enter', 'bob'), click(3, 'enter'), click(13), click(18, 'cart'), click(29, 'enter')]
    const test = await testJob(job(), { sources: { clicks } })
    await test.finish()
    const visit = (begin: number, end: number, events: number, actions: readonly [string, string], user = 'ann') => ({
      user,
      device: 'phone',
      events,
      first_action: actions[0],
      last_action: actions[1],
      begin: begin * MINUTE_MS,
      end: end * MINUTE_MS,
      duration_ms: (end - begin) * MINUTE_MS,
    })
    const bob = visit(3, 3, 1, ['enter', 'enter'], 'bob')
    const sessions = [visit(3, 18, 3, ['enter', 'cart']), visit(29, 29, 1, ['enter', 'enter']), bob]
    const stagger = [visit(3, 13, 2, ['enter', 'view']), visit(18, 29, 2, ['cart', 'enter']), bob]
    expect(visits(test, 'session-rows')).toEqual(sessions.map(visitText).sort())
    expect(visits(test, 'stagger-rows')).toEqual(stagger.map(visitText).sort())
  })

  it('that come when their window is over are kept, by window', async () => {
    const test = await testJob(job(), { sources: { clicks: [click(0)] } })
    await test.send('clicks', [click(12, 'view', 'bob')])
    // The session has ended at minute 10, the stagger window ends at 15.
    await test.send('clicks', [click(0.5)])
    await test.finish()
    expect(test.results<LateClick>('late-clicks')).toEqual([{ ...click(0.5), window: 'session' }])
    expect(visits(test, 'stagger-rows')).toContain(visitText({ ...VISIT, events: 2, end: 30_000, duration_ms: 30_000 }))
  })
})

const VISIT: Visit = {
  user: 'ann',
  device: 'phone',
  events: 1,
  first_action: 'view',
  last_action: 'view',
  begin: 0,
  end: 0,
  duration_ms: 0,
}

describe(`made-up clicks (seed ${SEED})`, () => {
  const random = choices(SEED)
  const clicks = madeUpClicks({ visits: 300, seed: SEED })
  const splits = [0, 1, 2].map((split) => clicks.filter((_, index) => index % 3 === split))
  const sessions = expectedSessions(clicks, 10 * MINUTE_MS)
  const stagger = expectedStagger(clicks, 15 * MINUTE_MS)

  it.each([1, 3])('are in the windows that a plain cut gives, parallelism %d', async (parallelism) => {
    const test = await testJob(job(), { sources: { clicks: { splits } }, parallelism })
    await test.finish()
    expect(visits(test, 'session-rows')).toEqual(sessions)
    expect(visits(test, 'stagger-rows')).toEqual(stagger)
    expect(test.results('late-clicks')).toEqual([])
  })

  it.each([
    [1, 3],
    [4, 2],
  ])('are in them from a savepoint too, parallelism %d, then %d', async (parallelism, then) => {
    const part = splits.map((split) => split.slice(0, random.between(200, 500)))
    const first = await testJob(job(), { sources: { clicks: { splits: part } }, parallelism })
    const from = await first.savepoint()
    const second = await testJob(job(), { sources: { clicks: { splits } }, parallelism: then, from })
    await second.finish()
    const both = (sink: string): string[] => [...visits(first, sink), ...visits(second, sink)].sort()
    expect(visits(first, 'session-rows').length).toBeGreaterThan(0)
    expect(both('session-rows')).toEqual(sessions)
    expect(both('stagger-rows')).toEqual(stagger)
  })

  it('go to a bucket as Parquet', async () => {
    const s3 = await startLocalS3({ buckets: ['visits'] })
    onTestFinished(() => s3.close())
    vi.stubEnv('AWS_ACCESS_KEY_ID', s3.credentials.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.credentials.secretAccessKey)
    onTestFinished(() => void vi.unstubAllEnvs())
    const to = (name: string) => visitSink({ out: 's3://visits/day', name, s3Endpoint: s3.endpoint })
    const handle = await run(
      clickstreamJob({
        clicks: collection(clicks.slice(0, 200)),
        sessions: to('sessions'),
        stagger: to('stagger'),
        late: collectInto<LateClick>([]),
        gap: minutes(10),
        length: minutes(15),
      }),
    )
    expect(await handle.result).toMatchObject({ status: 'finished' })
    for (const name of ['sessions', 'stagger']) {
      const keys = s3.keys('visits', `day/${name}/`).filter((key) => key.endsWith('.parquet'))
      expect(keys.length).toBeGreaterThan(0)
      expect(s3.read('visits', keys[0]!)?.subarray(0, 4).toString()).toBe('PAR1')
    }
  })
})
