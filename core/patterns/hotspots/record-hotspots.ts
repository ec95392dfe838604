import type { Counter } from '../../context.js'
import type { KeyedProcess } from '../../operators/process-function.js'
import { type SideOutput, sideOutput } from '../../operators/side-output.js'
import {
  type MapDeclaration,
  mapState,
  type StateHandles,
  type ValueDeclaration,
  valueState,
} from '../../state/declare.js'
import type { Key } from '../../state/key.js'
import { toInternalKey } from '../../state/key-codec.js'
import { requireTimestamp } from '../require-timestamp.js'
import { GridCache } from './grid-cache.js'
import { type Hotspot, hotspotOf, inOrder } from './hotspot.js'
import { type HotspotSettings, pointOf } from './options.js'

/** A record, and the hotspot that it belongs to at its own time. */
export interface RecordHotspot<T, D extends string> {
  readonly record: T
  readonly hotspot: Hotspot<D> | undefined
}

/** A ring: the point of number n stands at n modulo the window's size. */
interface Ring {
  readonly points: (readonly number[])[]
  added: number
}

interface Waiting<T> {
  readonly record: T
  readonly point: readonly number[]
}

export type RecordState<T> = {
  readonly ring: ValueDeclaration<Ring>
  /** How many records wait, by timestamp. */
  readonly counts: MapDeclaration<number, number>
  /** By timestamp and number from 0 on: adding one does not touch the others. */
  readonly waiting: MapDeclaration<string, Waiting<T>>
}

export type LateRecords<T> = { readonly late: SideOutput<T> }

export interface Opened {
  readonly late: Counter
  readonly grids: GridCache
}

export type RecordHotspots<K extends Key, T, D extends string> = KeyedProcess<
  K,
  T,
  RecordState<T>,
  LateRecords<T>,
  never,
  RecordHotspot<T, D>,
  Opened
>

/**
 * 1. A record waits until the watermark reaches its timestamp, so that windows are in the order of event time; of one
 *    timestamp, in the order of the points. Results do not depend on the order of arrival.
 * 2. A record at or before the watermark is late: the windows that it belonged to have gone.
 */
export function recordHotspots<K extends Key, T, D extends string>(
  settings: HotspotSettings<T, D>,
): RecordHotspots<K, T, D> {
  const { place, names, windowSize, scanRadius, minimumPoints } = settings
  const grid = { dimensions: names.length, radius: scanRadius, capacity: windowSize }
  return {
    state: {
      ring: valueState<Ring>(),
      counts: mapState<number, number>(),
      waiting: mapState<string, Waiting<T>>(),
    },
    sideOutputs: { late: sideOutput<T>() },
    open: ({ metrics }) => ({ late: metrics.counter('lateRecords'), grids: new GridCache(grid) }),
    process(record, { timestamp, watermark, state, timers, sideOutputs }, { late }) {
      requireTimestamp(place, timestamp)
      if (timestamp <= watermark) {
        late.add(1)
        sideOutputs.late.emit(record)
        return
      }
      const count = state.counts.get(timestamp) ?? 0
      state.waiting.put(`${timestamp} ${count}`, { record, point: pointOf(record, settings) })
      state.counts.put(timestamp, count + 1)
      if (count === 0) timers.registerEventTime(timestamp)
    },
    onTimer({ timestamp }, { key, state }, { grids }) {
      const waiting = takeWaiting(state, timestamp)
      const points = grids.gridOf(toInternalKey(key), () => inRing(state.ring.value(), windowSize))
      const rows: RecordHotspot<T, D>[] = []
      state.ring.mutate((known) => {
        const ring = known ?? { points: [], added: 0 }
        for (const { record, point } of waiting.sort((a, b) => inOrder(a.point, b.point))) {
          ring.points[ring.added % windowSize] = point
          ring.added++
          const region = points.regionOf(points.add(point), minimumPoints)
          rows.push({ record, hotspot: region && hotspotOf(region, { names, scanRadius }) })
        }
        return ring
      })
      return rows
    },
  }
}

function takeWaiting<T>({ counts, waiting }: StateHandles<RecordState<T>>, timestamp: number): Waiting<T>[] {
  const taken: Waiting<T>[] = []
  const count = counts.get(timestamp) ?? 0
  counts.remove(timestamp)
  for (let number = 0; number < count; number++) {
    const name = `${timestamp} ${number}`
    // Counted when it was put.
    taken.push(waiting.get(name) as Waiting<T>)
    waiting.remove(name)
  }
  return taken
}

function* inRing(ring: Readonly<Ring> | undefined, windowSize: number): Iterable<readonly number[]> {
  if (ring === undefined) return
  const { points, added } = ring
  for (let number = Math.max(0, added - windowSize); number < added; number++) yield points[number % windowSize]!
}
