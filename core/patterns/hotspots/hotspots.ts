import { type Duration, formatDuration } from '../../duration.js'
import type { Key } from '../../state/key.js'
import type { KeyedStream } from '../../stream/keyed-stream.js'
import type { Stream } from '../../stream/stream.js'
import { addPattern } from '../add-pattern.js'
import { millisOf } from '../settings.js'
import { type IntervalHotspot, intervalHotspots } from './interval-hotspots.js'
import { type HotspotOptions, settingsOf } from './options.js'
import { type RecordHotspot, recordHotspots } from './record-hotspots.js'

export interface IntervalHotspotOptions<in T, D extends string> extends HotspotOptions<T, D> {
  /** All hotspots at the end of each such interval of event time, instead of each record's. */
  readonly every: Duration
}

/** What `hotspots` gives, with the records that came too late for it. They are counted, read or not. */
export interface Hotspots<out R, out T> extends Stream<R> {
  readonly late: Stream<T>
}

/**
 * HOTSPOTS of Kinesis Data Analytics: regions that are dense with the last N points of a key, as boxes. Points at most
 * `scanRadius` apart are of one region, and so are those that are linked by others; a region of `minimumPoints` is a hotspot.
 * For each record the hotspot that it belongs to; with `every`, all hotspots at the end of each interval.
 *
 * Records are taken in the order of event time, when the watermark has reached them.
 * @param id unique in the job: its state is found by it in savepoints.
 * @example
 * pickups.keyBy((trip) => trip.city).pipe(hotspots('busy', {
 *   dimensions: { x: (trip) => trip.eastKm, y: (trip) => trip.northKm },
 *   windowSize: 1000, scanRadius: 0.1, minimumPoints: 20,
 *   every: minutes(10),
 * }))
 * @throws TidemarkError GRAPH_STEP_INVALID, OPTION_INVALID
 */
export function hotspots<T, D extends string>(
  id: string,
  options: IntervalHotspotOptions<T, D>,
): <K extends Key>(keyed: KeyedStream<K, T>) => Hotspots<IntervalHotspot<K, D>, T>
export function hotspots<T, D extends string>(
  id: string,
  options: HotspotOptions<T, D>,
): <K extends Key>(keyed: KeyedStream<K, T>) => Hotspots<RecordHotspot<T, D>, T>
export function hotspots<T, D extends string>(
  id: string,
  options: HotspotOptions<T, D> & Partial<IntervalHotspotOptions<T, D>>,
): <K extends Key>(keyed: KeyedStream<K, T>) => Hotspots<RecordHotspot<T, D> | IntervalHotspot<K, D>, T> {
  const place = { step: 'hotspots', id }
  const settings = settingsOf(place, options)
  const { windowSize, every } = options
  if (every === undefined) {
    const label = `hotspots(${windowSize})`
    return (keyed) => addPattern(keyed, { ...place, label, options, definition: recordHotspots(settings) })
  }
  const everyMs = millisOf(place, 'every', every)
  const label = `hotspots(${windowSize}, every ${formatDuration(every)})`
  return <K extends Key>(keyed: KeyedStream<K, T>) =>
    addPattern(keyed, { ...place, label, options, definition: intervalHotspots<K, T, D>(settings, everyMs) })
}
