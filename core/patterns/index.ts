/** The public face of `tidemark/patterns`: what people would else build by hand on keyed state. */
export { type Deduplicated, type DeduplicateOptions, deduplicate } from './deduplicate.js'
export type { Hotspot } from './hotspots/hotspot.js'
export { type Hotspots, hotspots, type IntervalHotspotOptions } from './hotspots/hotspots.js'
export type { IntervalHotspot } from './hotspots/interval-hotspots.js'
export type { HotspotOptions } from './hotspots/options.js'
export type { RecordHotspot } from './hotspots/record-hotspots.js'
