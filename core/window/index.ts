export {
  type AlignedWindowOptions,
  global,
  type SessionWindowOptions,
  type StaggerWindowOptions,
  session,
  sliding,
  stagger,
  tumbling,
} from './assigners.js'
export { type CountedWindowOptions, counted } from './counted.js'
export { type EveryOptions, every } from './every.js'
export type { Evictor, EvictorContext, WindowRecord } from './evictor.js'
export { type EvictorOptions, keepLast, keepNear, keepWithin } from './evictors.js'
export { type OnTimeOptions, type OnTimeTrigger, onTime } from './on-time.js'
export type { GlobalWindow, TimeWindow, Window } from './time-window.js'
export type { Trigger, TriggerContext, TriggerResult } from './trigger.js'
export { afterCount, eachRecord, eventTime, never, processingTime, purging } from './triggers.js'
export type { TimeDomain, WindowAssigner, WindowSpec } from './window-spec.js'
