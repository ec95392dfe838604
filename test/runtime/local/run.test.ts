import { boundedOutOfOrderness, count, defineJob, hours, millis, seconds, sum, tumbling } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { memoryStore, run } from 'tidemark/run'
import { describe, expect, it } from 'vitest'

interface Ride {
  readonly zone: string
  readonly at: number
  readonly fare: number
}

const HOUR = 3_600_000

function rides(amount: number): Ride[] {
  return Array.from({ length: amount }, (_, index) => ({
    zone: `zone-${(index * 7) % 23}`,
    at: index * 10_000,
    fare: (index * 13) % 40,
  }))
}

/** By a plain loop, sharing nothing with the engine. */
function expected(all: readonly Ride[]) {
  const totals = new Map<string, { key: string; end: number; rides: number; fares: number }>()
  for (const { zone, at, fare } of all) {
    const end = (Math.floor(at / HOUR) + 1) * HOUR
    const id = `${zone}@${end}`
    const total = totals.get(id) ?? { key: zone, end, rides: 0, fares: 0 }
    total.rides++
    total.fares += fare
    totals.set(id, total)
  }
  return [...totals.values()]
}

const byKeyAndEnd = (a: { key: string; end: number }, b: { key: string; end: number }) =>
  a.end - b.end || (a.key < b.key ? -1 : 1)

function ridesPerZone(
  all: readonly Ride[],
  target: { key: string; end: number; rides: number; fares: number }[],
  splits: number,
) {
  return defineJob('rides-per-zone', (job) => {
    job
      .from(
        'rides',
        collection(all, { splits }),
        boundedOutOfOrderness({ timestamp: (ride) => ride.at, maxDelay: seconds(60) }),
      )
      .keyBy((ride) => ride.zone)
      .window(tumbling(hours(1)))
      .aggregate('per-zone', { rides: count(), fares: sum((ride) => ride.fare) })
      .map(({ key, window, rides, fares }) => ({ key, end: window.end, rides, fares }))
      .to('results', collectInto(target))
  })
}

describe('a bounded job', () => {
  it.each([
    [1, 1],
    [2, 3],
    [4, 2],
    [3, 7],
  ])('ends by itself with the exact result, at parallelism %i over %i splits', async (parallelism, splits) => {
    const all = rides(20_000)
    const target: ReturnType<typeof expected> = []
    const handle = await run(ridesPerZone(all, target, splits), { parallelism })
    const { status, progress } = await handle.result
    expect(status).toBe('finished')
    expect(progress.recordsRead).toBe(all.length)
    expect(target.sort(byKeyAndEnd)).toEqual(expected(all).sort(byKeyAndEnd))
  })

  it('stops in the middle and resumes at another parallelism, exactly once', async () => {
    const all = rides(60_000)
    const target: ReturnType<typeof expected> = []
    const to = memoryStore()
    for (const [index, parallelism] of [2, 3, 1, 4].entries()) {
      const job = ridesPerZone(all, target, 4)
      const handle = await run(job, { parallelism, checkpoints: { to, interval: millis(5), resume: index > 0 } })
      await new Promise<void>((resolve) => {
        handle.status$.subscribe({
          next: (status) => {
            if (status === 'running') setTimeout(resolve, 10)
          },
          complete: resolve,
        })
      })
      if (index < 3) await handle.stop()
      expect((await handle.result).progress.generation).toBe(index + 1)
    }
    expect(target.sort(byKeyAndEnd)).toEqual(expected(all).sort(byKeyAndEnd))
  })
})
