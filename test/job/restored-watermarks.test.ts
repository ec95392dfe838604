import { boundedOutOfOrderness, count, defineJob, millis, seconds, tumbling } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { testJob } from 'tidemark/testing'
import { describe, expect, it } from 'vitest'

interface Tick {
  readonly key: string
  readonly at: number
}

const ticks = defineJob('ticks', (job) => {
  const windows = job
    .from(
      'ticks',
      collection<Tick>([]),
      boundedOutOfOrderness({ timestamp: (tick: Tick) => tick.at, maxDelay: seconds(0) }),
    )
    .keyBy((tick) => tick.key)
    .window(tumbling(millis(10)))
    .aggregate('windows', { n: count() })
  windows.to('out', collectInto<unknown>([]))
  windows.late.to('late', collectInto<unknown>([]))
})

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const inFirstWindow = KEYS.map((key): Tick => ({ key, at: 5 }))

describe('event time over restores', () => {
  it('no window fires twice and none reopens, over 2 to 3 to 2 with a checkpoint at once', async () => {
    const first = [...inFirstWindow, { key: 'a', at: 30 }]
    let test = await testJob(ticks, { sources: { ticks: first }, parallelism: 2 })
    let from = await test.savepoint()
    expect(test.results('out')).toHaveLength(KEYS.length)
    for (const parallelism of [3, 2]) {
      test = await testJob(ticks, { sources: { ticks: first }, parallelism, from })
      from = await test.savepoint()
      expect(test.results('out')).toEqual([])
    }
    // Late for windows that fired three restores ago.
    test = await testJob(ticks, { sources: { ticks: [...first, ...inFirstWindow] }, parallelism: 2, from })
    await test.finish()
    expect(test.results('out')).toEqual([{ key: 'a', window: { start: 30, end: 40 }, n: 1 }])
    expect(test.results('late')).toHaveLength(KEYS.length)
  })
})
