import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boundedOutOfOrderness, count, defineJob, hours, mapState, seconds, sum, tumbling, valueState } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { memoryStore, run, type StateOptions } from 'tidemark/run'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

interface Ride {
  readonly zone: string
  readonly at: number
  readonly fare: number
}

const HOUR = 3_600_000
const ZONES = 500

const rides: readonly Ride[] = Array.from({ length: 40_000 }, (_, index) => ({
  zone: `zone-${(index * 7919) % ZONES}`,
  at: index * 1000,
  fare: index % 50,
}))

interface Rows {
  readonly windows: { readonly key: string; readonly end: number; readonly rides: number; readonly fare: number }[]
  readonly zones: { readonly zone: string; readonly total: number; readonly fares: number }[]
}

const job = (rows: Rows) =>
  defineJob('rides', (job) => {
    const zones = job
      .from(
        'rides',
        collection(rides, { splits: 3 }),
        boundedOutOfOrderness({ timestamp: (ride) => ride.at, maxDelay: seconds(60) }),
      )
      .keyBy((ride) => ride.zone)
    zones
      .window(tumbling(hours(1)))
      .aggregate('per-hour', { rides: count(), fare: sum((ride) => ride.fare) })
      .map(({ key, window, rides, fare }) => ({ key, end: window.end, rides, fare }))
      .to('window-rows', collectInto(rows.windows))
    zones
      .process('zones', {
        state: { total: valueState<number>(), fares: mapState<number, number>() },
        process({ zone, fare }, { state }) {
          const total = (state.total.value() ?? 0) + 1
          state.total.update(total)
          state.fares.put(fare, (state.fares.get(fare) ?? 0) + 1)
          return total % 40 === 0 ? [{ zone, total, fares: [...state.fares.keys()].length }] : []
        },
      })
      .to('zone-rows', collectInto(rows.zones))
  })

/** By a plain loop, sharing nothing with the engine. */
function expected(): Rows {
  const windows = new Map<string, { key: string; end: number; rides: number; fare: number }>()
  const fares = new Map<string, { total: number; readonly fares: Set<number> }>()
  const zones: Rows['zones'][number][] = []
  for (const { zone, at, fare } of rides) {
    const end = (Math.floor(at / HOUR) + 1) * HOUR
    const window = windows.get(`${zone}@${end}`) ?? { key: zone, end, rides: 0, fare: 0 }
    windows.set(`${zone}@${end}`, { ...window, rides: window.rides + 1, fare: window.fare + fare })
    const own = fares.get(zone) ?? { total: 0, fares: new Set() }
    own.fares.add(fare)
    own.total++
    fares.set(zone, own)
    if (own.total % 40 === 0) zones.push({ zone, total: own.total, fares: own.fares.size })
  }
  return { windows: [...windows.values()], zones }
}

const sorted = ({ windows, zones }: Rows) => ({
  windows: windows.map((row) => Object.values(row).join()).sort(),
  zones: zones.map(({ zone, total }) => `${zone},${total}`).sort(),
})

const little: StateOptions = { kind: 'disk', cacheBytes: 50_000 }

describe('a job with state on disk', () => {
  it('gives what a plain loop gives', async () => {
    const rows: Rows = { windows: [], zones: [] }
    const handle = await run(job(rows), { parallelism: 2, state: little })
    await handle.result
    expect(sorted(rows)).toEqual(sorted(expected()))
  })

  it('stops and resumes at other parallelisms, from the heap to disk and back', async () => {
    const rows: Rows = { windows: [], zones: [] }
    const to = memoryStore()
    const states: readonly StateOptions[] = [little, 'heap', little, little]
    for (const [index, state] of states.entries()) {
      const parallelism = [2, 1, 3, 1][index] ?? 1
      const handle = await run(job(rows), { parallelism, state, checkpoints: { to, resume: true } })
      if (index < states.length - 1) {
        while (handle.progress().recordsRead < 1000) await new Promise((resolve) => setImmediate(resolve))
        await handle.checkpoint()
        await handle.stop()
      }
      await handle.result
    }
    expect(sorted(rows)).toEqual(sorted(expected()))
  })

  it.each([
    ['dsk', "state is 'heap', 'disk' or { kind: 'disk', ... }"],
    [{ kind: 'disk', directory: '' }, 'directory is a folder'],
    [{ kind: 'disk', cacheBytes: -1 }, 'cacheBytes is a whole number of bytes, found -1'],
    [{ kind: 'disk', cache: 1 }, "there is no option 'cache'"],
  ])('is refused with %j', async (state, message) => {
    await expect(run(job({ windows: [], zones: [] }), { state: state as StateOptions })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(message),
    })
  })
})

/** Files without names that the process holds open in a folder, as Linux shows them. */
const heldIn = async (folder: string): Promise<string[]> => {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  return (await Promise.all(links)).filter((path) => path.startsWith(folder))
}

describe.runIf(existsSync('/proc/self/fd'))('files of state on disk', () => {
  it('are let go when the function that used them cannot be closed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tidemark-disk-'))
    onTestFinished(() => rm(directory, { recursive: true, force: true }))
    let held: readonly string[] = []
    let seen = 0
    const broken = defineJob('broken', (job) => {
      job
        .from('rides', collection(rides.slice(0, 5000)))
        .keyBy((ride) => ride.zone)
        .process('count', {
          state: { total: valueState<number>() },
          process({ zone }, { state }) {
            state.total.mutate((total) => (total ?? 0) + 1)
            if (++seen === 3000) void handle.cancel()
            return [zone]
          },
          close: async () => {
            held = await heldIn(directory)
            throw new RangeError('not now')
          },
        })
        .to('rows', collectInto<string>([]))
    })
    const ignore = (): void => undefined
    const handle = await run(broken, {
      state: { kind: 'disk', directory, cacheBytes: 0 },
      parallelism: 1,
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    })
    expect(await handle.result).toMatchObject({ status: 'cancelled' })
    expect(held.length).toBeGreaterThan(0)
    await vi.waitFor(async () => expect(await heldIn(directory)).toEqual([]))
  })
})
