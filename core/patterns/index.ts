/** The public face of `tidemark/patterns`: what people would else build by hand on keyed state. */
export { type Absence, type AbsenceOptions, type Absences, absence } from './absence.js'
export { type Deduplicated, type DeduplicateOptions, deduplicate } from './deduplicate.js'
export type { Hotspot } from './hotspots/hotspot.js'
export { type Hotspots, hotspots, type IntervalHotspotOptions } from './hotspots/hotspots.js'
export type { IntervalHotspot } from './hotspots/interval-hotspots.js'
export type { HotspotOptions } from './hotspots/options.js'
export type { RecordHotspot } from './hotspots/record-hotspots.js'
export { type Change, type Changes, type RateOfChangeOptions, rateOfChange } from './rate-of-change.js'
export type { Pattern, PatternStart } from './sequence/pattern.js'
export {
  type SequenceMatch,
  type SequenceMatches,
  type SequenceOptions,
  sequence,
  type UnfinishedSequence,
} from './sequence/sequence.js'
export { type SessionFeatures, type SessionFeaturesOptions, sessionFeatures } from './session-features.js'
export type { SessionTimes } from './session-times.js'
export { type TopPerWindowOptions, type TopRows, topPerWindow, type WindowRow } from './top-per-window.js'
