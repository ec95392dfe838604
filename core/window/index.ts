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
export type { GlobalWindow, TimeWindow, Window } from './time-window.js'
export type { Trigger, TriggerContext, TriggerResult } from './trigger.js'
export { afterCount, eventTime, never, processingTime, purging } from './triggers.js'
export type { TimeDomain, WindowAssigner, WindowSpec } from './window-spec.js'
