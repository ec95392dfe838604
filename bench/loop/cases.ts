import {
  boundedOutOfOrderness,
  count,
  defineJob,
  hours,
  millis,
  minutes,
  sliding,
  sum,
  tumbling,
  valueState,
} from 'tidemark'
import { collection } from 'tidemark/collection'
import { memoryStore, run } from 'tidemark/run'
import { counting } from '../plain-sinks.js'
import { makeRides, type Ride } from '../windows/rides.js'
import { type HoldReport, LoopHolds } from './loop-holds.js'

const inOrder = () => boundedOutOfOrderness<Ride>({ timestamp: (ride) => ride.at, maxDelay: millis(0), maxSkew: false })

async function held(work: () => Promise<unknown>): Promise<HoldReport> {
  const holds = new LoopHolds()
  holds.start()
  await work()
  return holds.stop()
}

/** All keys fire at one watermark, the last one. */
export async function manyKeysFire(keys: number): Promise<HoldReport> {
  const rides = makeRides(keys * 2, { zones: keys, stepMs: 1 })
  const job = defineJob('fire', (job) => {
    job
      .from('rides', collection(rides), inOrder())
      .keyBy((ride) => ride.zone)
      .window(tumbling(hours(10)))
      .aggregate('per-zone', { rides: count(), fares: sum((ride) => ride.fare) })
      .to('rows', counting<unknown>())
  })
  return held(async () => (await run(job)).result)
}

export async function slidingWindows(keys: number): Promise<HoldReport> {
  const rides = makeRides(200_000, { zones: keys, stepMs: 100 })
  const job = defineJob('slide', (job) => {
    job
      .from('rides', collection(rides), inOrder())
      .keyBy((ride) => ride.zone)
      .window(sliding(hours(1), minutes(1)))
      .aggregate('per-zone', { rides: count(), fares: sum((ride) => ride.fare) })
      .to('rows', counting<unknown>())
  })
  return held(async () => (await run(job)).result)
}

/** Keyed state of many keys: filled and checkpointed, then restored. */
export async function checkpointAndRestore(
  keys: number,
): Promise<{ readonly checkpoint: HoldReport; readonly restore: HoldReport; readonly bytes: number }> {
  // 7919 is prime: every zone comes once in `keys` rides, and so each is restored before it is met again.
  const rides = makeRides(keys * 2, { zones: keys, stepMs: 1 })
  const to = memoryStore()
  const job = () =>
    defineJob('state', (job) => {
      job
        .from('rides', collection(rides), inOrder())
        .keyBy((ride) => ride.zone)
        .process('totals', {
          state: { total: valueState<{ rides: number; fares: number; last: string }>() },
          process(ride, { state }) {
            const total = state.total.value()
            state.total.update({
              rides: (total?.rides ?? 0) + 1,
              fares: (total?.fares ?? 0) + ride.fare,
              last: ride.zone,
            })
            return []
          },
        })
        .to('rows', counting<unknown>())
    })
  let bytes = 0
  const checkpoint = await held(async () => {
    const handle = await run(job(), { checkpoints: { to, interval: hours(1) } })
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (handle.progress().recordsRead >= keys) resolve()
        else setImmediate(look)
      }
      look()
    })
    const { progress } = await handle.stop()
    bytes = progress.checkpoints.last?.bytes ?? 0
  })
  const restore = await held(async () => {
    const handle = await run(job(), { checkpoints: { to, interval: hours(1), resume: true } })
    await handle.result
  })
  return { checkpoint, restore, bytes }
}
