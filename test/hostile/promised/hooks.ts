import { afterCount, keepNear, millis, onTime, purging, session, type Trigger } from 'tidemark'
import {
  type Case,
  counts,
  evicted,
  firstRecord,
  inWindows,
  keyed,
  type Numbers,
  rejected,
  rejecting,
  type Windows,
  window,
} from './case.js'

const asyncTrigger = (replaced: Partial<Trigger>): Trigger => ({ ...purging(afterCount(2)), kind: 'mine', ...replaced })
const triggered = (trigger: Trigger) => (s: Numbers) => counts(inWindows(s).trigger(trigger) as unknown as Windows)
const inSessions = (trigger: Trigger) => (s: Numbers) =>
  counts(
    keyed(s)
      .window(session(millis(2)))
      .trigger(trigger) as unknown as Windows,
  )

/** Functions that decide something. */
export const hooks: Readonly<Record<string, Case>> = {
  'Trigger.onRecord': {
    build: triggered(asyncTrigger({ onRecord: rejecting })),
    operatorId: 'w',
    says: 'the trigger mine returned a promise',
    where: firstRecord,
  },
  'Trigger.clear': {
    build: triggered(asyncTrigger({ clear: rejecting })),
    operatorId: 'w',
    says: 'clear of the trigger mine returned a promise',
  },
  'Trigger.merge': {
    build: inSessions(asyncTrigger({ merge: rejecting })),
    operatorId: 'w',
    says: 'merge of the trigger mine returned a promise',
    where: /offset 2, timestamp 2/,
  },
  'Trigger.clear, of a part of a trigger': {
    build: triggered(onTime().early(asyncTrigger({ clear: rejecting }))),
    operatorId: 'w',
    says: 'clear of the trigger onTime().early(mine) returned a promise',
  },
  'Trigger.merge, of a part of a trigger': {
    build: inSessions(onTime().early(purging(asyncTrigger({ merge: rejecting })))),
    operatorId: 'w',
    says: 'merge of the trigger onTime().early(purging(mine)) returned a promise',
    where: /offset 2, timestamp 2/,
  },
  'the gap of a session': {
    build: (s) => counts(keyed(s).window(session(rejecting)) as unknown as Windows),
    operatorId: 'w',
    says: "session: the function of a record's gap returned a promise",
    where: firstRecord,
  },
  keepNear: {
    build: evicted(keepNear(3, rejecting)),
    operatorId: 'w',
    says: 'keepNear(3): its function returned a promise',
    where: window,
  },
  'Evictor.before': {
    build: evicted({ kind: 'mine', before: rejecting }),
    operatorId: 'w',
    says: 'before of the evictor mine returned a promise',
    where: window,
  },
  'Evictor.after': {
    build: evicted({ kind: 'mine', after: rejecting }),
    operatorId: 'w',
    says: 'after of the evictor mine returned a promise',
    where: window,
  },
  'the records of Evictor.before': {
    build: evicted({ kind: 'mine', before: ((records: readonly unknown[]) => records.map(rejected)) as never }),
    operatorId: 'w',
    says: 'before of the evictor mine gave a promise as a record',
    where: window,
  },
  'the key of partitionBy': {
    build: (s) =>
      s
        .map((value) => value)
        .partitionBy(rejecting, () => 0)
        .map((value) => value),
    operatorId: 'map-1',
    says: 'the key function of partitionBy returned a promise',
    where: firstRecord,
  },
  'retry.on of mapAsync': {
    build: (s) => s.mapAsync('m', rejected, { retry: { attempts: 3, delay: millis(1), on: rejecting } }),
    operatorId: 'm',
    says: 'retry.on returned a promise',
    where: firstRecord,
  },
  'onTimeout of mapAsync': {
    build: (s) => s.mapAsync('m', () => new Promise<never>(() => {}), { timeout: millis(1), onTimeout: rejecting }),
    operatorId: 'm',
    says: 'onTimeout returned a promise',
    where: firstRecord,
  },
}
