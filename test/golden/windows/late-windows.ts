import {
  afterCount,
  count,
  eachRecord,
  every,
  global,
  keepNear,
  keepWithin,
  MAX_WATERMARK,
  millis,
  onTime,
  purging,
  type Stream,
  session,
  sideOutput,
  sliding,
  sum,
  type Trigger,
  tumbling,
} from 'tidemark'
import {
  CUT_GAP_MS,
  CUT_MS,
  EVERY_MS,
  LATENESS_MS,
  NEAR,
  SIZE_MS,
  SLIDE_MS,
  type Visit,
  WITHIN_MS,
  WORTH,
} from './visits.js'

/** Fires as soon as a window's visits are worth so much, once, and when its time is over. */
const worth: Trigger<Visit> = {
  kind: `worth(${WORTH})`,
  endsIn: 'event',
  onRecord({ spent }, _timestamp, window, context) {
    const end = 'end' in window ? window.end - 1 : MAX_WATERMARK
    if (end <= context.watermark) return 'fire'
    context.registerEventTimeTimer(end)
    const before = Number(context.state ?? 0)
    context.state = before + spent
    return before < WORTH && before + spent >= WORTH ? 'fire' : 'continue'
  },
  onEventTime: () => 'fire',
  onProcessingTime: () => 'continue',
}

/** Fires when the window's time is over by the clock, and at the end of the input: nothing is left in a window then. */
const byClock: Trigger = {
  kind: 'byClock()',
  onRecord(_value, _timestamp, window, context) {
    if ('end' in window) context.registerProcessingTimeTimer(window.end)
    context.registerEventTimeTimer(MAX_WATERMARK)
    return 'continue'
  },
  onEventTime: () => 'fireAndPurge',
  onProcessingTime: () => 'fireAndPurge',
}

/** Windows of visits of which some are late, in all the ways that the other windows of the job are not. */
export function lateWindows(visits: Stream<Visit>): { readonly rows: Stream<object>; readonly late: Stream<object> } {
  const users = visits.keyBy(({ user }) => user)
  const whole = millis(SIZE_MS)
  const lateness = millis(LATENESS_MS)
  const idsOf = (all: readonly Visit[]): number[] => all.map(({ id }) => id)
  const total = sum(({ spent }: Visit) => spent)

  const changing = users
    .window(tumbling(whole))
    .allowedLateness(lateness)
    .trigger(
      onTime()
        .early(every(millis(EVERY_MS)))
        .late(eachRecord()),
    )
    .aggregate('changing', { n: count(), total })
  const worthy = users
    .window(sliding(whole, millis(SLIDE_MS)))
    .allowedLateness(lateness)
    .trigger(worth)
    .process('worthy', {
      sideOutputs: { rich: sideOutput<object>() },
      process(all, { key, window, sideOutputs }) {
        for (const { id, spent } of all) {
          if (spent > 90) sideOutputs.rich.emit({ of: 'rich', user: key, end: window.end, id })
        }
        return [{ of: 'worthy', user: key, end: window.end, ids: idsOf(all) }]
      },
    })
  const thirds = users
    .window(tumbling(whole))
    .allowedLateness(lateness)
    .trigger(purging(onTime().early(afterCount(3))))
    .process('thirds', (all, { key, window }) => [{ of: 'thirds', user: key, end: window.end, ids: idsOf(all) }])
  const slides = users
    .window(sliding(whole, millis(SLIDE_MS)))
    .allowedLateness(lateness)
    .aggregate('slides', { n: count(), total })
  const everyone = visits.windowAll(tumbling(whole)).aggregate('everyone', { n: count(), total })
  const gaps = users
    .window(session(({ gapMs }) => millis(gapMs)))
    .allowedLateness(lateness)
    .aggregate('gaps', { n: count() })
  const cut = users
    .window(session(millis(CUT_GAP_MS), { maxLength: millis(CUT_MS) }))
    .process('cut', (all, { key, window }) => [{ of: 'cut', user: key, ...window, ids: idsOf(all).sort() }])
  const within = users
    .window(global())
    .trigger(afterCount(3))
    .evict(keepWithin(millis(WITHIN_MS)))
    .process('within', (kept, { key }) => [{ of: 'within', user: key, ids: idsOf(kept) }])
  const near = users
    .window(global())
    .trigger(afterCount(2))
    .evict(keepNear<Visit>(NEAR, (visit, last) => Math.abs(visit.spent - last.spent)))
    .process('near', (kept, { key }) => [{ of: 'near', user: key, ids: idsOf(kept) }])
  // Which window has a visit depends on the clock: that one of them has it, and fires, does not.
  const clocked = users
    .window(tumbling(millis(15), { time: 'processing' }))
    .trigger(byClock)
    .process('clocked', (all) => idsOf(all).map((id): object => ({ of: 'clocked', id })))

  const late = (of: string, visitsOf: Stream<Visit>): Stream<object> => visitsOf.map(({ id }): object => ({ of, id }))
  const sums = (of: string, rows: Stream<Sums>): Stream<object> =>
    rows.map(({ key, window, n, total }): object => ({ of, user: key, end: window.end, n, total }))
  return {
    rows: clocked.union(
      sums('changing', changing),
      worthy,
      worthy.rich,
      thirds,
      sums('slides', slides),
      sums('everyone', everyone),
      gaps.map(({ key, window, n }): object => ({ of: 'gaps', user: key, ...window, n })),
      cut,
      within,
      near,
    ),
    late: late('changing', changing.late).union(
      late('worthy', worthy.late),
      late('thirds', thirds.late),
      late('slides', slides.late),
      late('everyone', everyone.late),
      late('gaps', gaps.late),
      late('cut', cut.late),
    ),
  }
}

interface Sums {
  readonly key: string
  readonly window: { readonly end: number }
  readonly n: number
  readonly total: number
}
