import {
  boundedOutOfOrderness,
  count,
  defineJob,
  hours,
  listState,
  mapState,
  max,
  millis,
  minutes,
  type Source,
  session,
  sliding,
  sum,
  tumbling,
  valueState,
} from 'tidemark'
import { fileSink, jsonLines } from 'tidemark/file'
import { DISORDER_MS, END, HOUR, type Payment, type Rate, regionOf } from './events.js'
import { ALARM_AFTER, SESSION_GAP, sizeOf } from './expected.js'

export const RESULTS = ['hours', 'sliding', 'sessions', 'alarms', 'bills'] as const

export interface Sources {
  readonly payments: Source<Payment>
  readonly rates: Source<Rate>
}

/** One job with every kind of state: windows by pane, by slice and by key, values, lists, maps, timers, broadcast. */
export const goldenJob = (out: string, sources: Sources) =>
  defineJob('golden', (job) => {
    const byTime = <T extends { readonly at: number }>(delayMs: number) =>
      boundedOutOfOrderness<T>({ timestamp: ({ at }) => at, maxDelay: millis(delayMs), maxSkew: false })
    const to = (name: (typeof RESULTS)[number]) => fileSink<object>({ path: `${out}/${name}`, format: jsonLines() })
    const payments = job.from('payments', sources.payments, byTime(DISORDER_MS)).keyBy(({ account }) => account)
    const rates = job.from('rates', sources.rates, byTime(0))

    payments
      .window(tumbling(hours(1)))
      .aggregate('per-hour', { count: count(), sum: sum((payment) => payment.amount) })
      .map(({ key, window, count, sum }) => ({ account: key, end: window.end, count, sum }))
      .to('hours', to('hours'))

    payments
      .window(sliding(hours(2), minutes(30)))
      .aggregate('per-slide', { most: max((payment) => payment.amount), sum: sum((payment) => payment.amount) })
      .map(({ key, window, most, sum }) => ({ account: key, end: window.end, most, sum }))
      .to('sliding', to('sliding'))

    payments
      .window(session(millis(SESSION_GAP)))
      .aggregate('per-session', { count: count(), sum: sum((payment) => payment.amount) })
      .map(({ key, window, count, sum }) => ({ account: key, end: window.end, count, sum }))
      .to('sessions', to('sessions'))

    payments
      .process('silent', {
        state: { times: listState<number>(), amounts: mapState<string, string>(), seen: valueState<number>() },
        process({ at, amount }, { state, timers }) {
          // Two payments of one millisecond are two entries.
          state.seen.mutate((seen) => (seen ?? 0) + 1)
          const name = `${at}-${state.seen.value()}`
          state.times.add(at)
          state.amounts.put(name, sizeOf(amount))
          timers.registerEventTime(at + ALARM_AFTER)
          return []
        },
        onTimer({ timestamp: alarm }, { key, state, timers }) {
          const isCalm = !state.times.values().some((at) => at > alarm - ALARM_AFTER && at <= alarm)
          const inHour = [...state.amounts.entries()].filter(([name]) => isWithin(timeOf(name), alarm))
          const sizes = new Map<string, number>()
          for (const [, size] of inHour) sizes.set(size, (sizes.get(size) ?? 0) + 1)
          const kept = state.times.values().filter((at) => at > alarm - HOUR)
          if (kept.length === 0) timers.deleteEventTime(alarm)
          state.times.update(kept)
          for (const name of [...state.amounts.keys()]) if (timeOf(name) <= alarm - HOUR) state.amounts.remove(name)
          return isCalm ? [{ account: key, alarm, recent: inHour.length, sizes: [...sizes].sort() }] : []
        },
      })
      .to('alarms', to('alarms'))

    payments
      .connect(rates.broadcast({ percents: mapState<string, number>() }))
      .process('bill', {
        state: { total: valueState<number>({ initial: () => 0 }) },
        onRecord({ amount }, { state, timers }) {
          state.total.mutate((total) => (total ?? 0) + amount)
          timers.registerEventTime(END)
          return []
        },
        onBroadcast({ region, percent }, { broadcast }) {
          broadcast.percents.put(region, percent)
        },
        onTimer({ timestamp: day }, { key, state, broadcast }) {
          const region = regionOf(key)
          const percent = broadcast.percents.get(region) ?? 0
          const total = state.total.value()
          state.total.clear()
          return [{ account: key, day, region, percent, total }]
        },
      })
      .to('bills', to('bills'))
  })

const timeOf = (name: string): number => Number(name.slice(0, name.indexOf('-')))
const isWithin = (at: number, alarm: number): boolean => at > alarm - HOUR && at <= alarm
