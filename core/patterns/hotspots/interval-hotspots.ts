import type { Counter } from '../../context.js'
import type { KeyedProcess } from '../../operators/process-function.js'
import { sideOutput } from '../../operators/side-output.js'
import { type ValueDeclaration, valueState } from '../../state/declare.js'
import type { Key } from '../../state/key.js'
import { alignedStart } from '../../window/alignment.js'
import { requireTimestamp } from '../require-timestamp.js'
import { byPoints, type Hotspot, hotspotOf, inOrder } from './hotspot.js'
import { type HotspotSettings, pointOf } from './options.js'
import { PointGrid } from './point-grid.js'
import type { LateRecords } from './record-hotspots.js'

/** One of the hotspots that there are at the end of an interval. */
export interface IntervalHotspot<K extends Key, D extends string> extends Hotspot<D> {
  readonly key: K
  /** Epoch milliseconds, a multiple of the interval: points before it count. */
  readonly end: number
  /** From 1 on, the one with most points first. */
  readonly rank: number
}

/** `[timestamp, ...coordinates]` */
type Timed = readonly number[]

interface OpenInterval {
  readonly end: number
  /** In no order: all of its last N, and no more than twice as many. */
  points: Timed[]
}

/** Changed in place. */
interface Points {
  /** The last N at the end of the newest interval that is over, in order. */
  window: Timed[]
  open: OpenInterval[]
}

export type IntervalState = { readonly points: ValueDeclaration<Points> }

export type IntervalHotspots<K extends Key, T, D extends string> = KeyedProcess<
  K,
  T,
  IntervalState,
  LateRecords<T>,
  never,
  IntervalHotspot<K, D>,
  Counter
>

/**
 * 1. At the end of each interval that had a point: the hotspots of the last N points before it, by event time. Of points
 *    of one timestamp the larger ones count as the later ones, so that results do not depend on the order of arrival.
 * 2. A record of an interval that is over by the watermark is late.
 */
export function intervalHotspots<K extends Key, T, D extends string>(
  settings: HotspotSettings<T, D>,
  everyMs: number,
): IntervalHotspots<K, T, D> {
  const { place, names, windowSize, scanRadius, minimumPoints } = settings
  return {
    state: { points: valueState<Points>({ initial: () => ({ window: [], open: [] }) }) },
    sideOutputs: { late: sideOutput<T>() },
    open: ({ metrics }) => metrics.counter('lateRecords'),
    process(record, { timestamp, watermark, state, timers, sideOutputs }, late) {
      requireTimestamp(place, timestamp)
      const end = alignedStart(timestamp, everyMs, 0) + everyMs
      if (end - 1 <= watermark) {
        late.add(1)
        sideOutputs.late.emit(record)
        return
      }
      const point = [timestamp, ...pointOf(record, settings)]
      state.points.mutate((known) => {
        // There is an initial one.
        const { open } = known as Points
        const interval = open.find((one) => one.end === end)
        if (interval === undefined) {
          open.push({ end, points: [point] })
          timers.registerEventTime(end - 1)
        } else if (interval.points.push(point) >= 2 * windowSize) {
          interval.points = lastInOrder(interval.points, windowSize)
        }
        return known as Points
      })
    },
    onTimer({ timestamp }, { key, state }) {
      const end = timestamp + 1
      let window: readonly Timed[] = []
      state.points.mutate((known) => {
        // A record registered this timer.
        const points = known as Points
        const interval = points.open.find((one) => one.end === end)
        points.open = points.open.filter((one) => one !== interval)
        points.window = [...points.window, ...lastInOrder(interval?.points ?? [], windowSize)].slice(-windowSize)
        window = points.window
        return points
      })
      const grid = new PointGrid({ dimensions: names.length, radius: scanRadius, capacity: windowSize })
      for (const [, ...point] of window) grid.add(point)
      return grid
        .regions(minimumPoints)
        .sort(byPoints)
        .map((region, index) => ({ key, end, rank: index + 1, ...hotspotOf(region, { names, scanRadius }) }))
    },
  }
}

function lastInOrder(points: readonly Timed[], count: number): Timed[] {
  return [...points].sort(inOrder).slice(-count)
}
