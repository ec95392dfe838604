/* Types of what two keyed streams do together: what has to compile without an annotation, and what must not. */
import {
  type DeadLetter,
  defineJob,
  hours,
  type KeyedStream,
  listState,
  minutes,
  type Sink,
  type Source,
  type Stream,
  sideOutput,
  type TimeWindow,
  tumbling,
  type ValueState,
  valueState,
} from '../../core/index.js'
import { type Same, type ValueOf, yes } from './same.js'

interface Order {
  readonly id: number
  readonly currency: string
  readonly amount: number
}
interface Rate {
  readonly currency: string
  readonly rate: number
}

declare const orderSource: Source<Order>
declare const rateSource: Source<Rate>
declare const deadSink: Sink<DeadLetter>
declare const anySink: Sink<unknown>

defineJob('co-process', (job) => {
  const orders = job.from('orders', orderSource).keyBy((order) => order.currency)
  const rates = job.from('rates', rateSource).keyBy((rate) => rate.currency)

  const both = orders.connect(rates).process('convert', {
    state: { rate: valueState<number>(), waiting: listState<Order>() },
    sideOutputs: { unknown: sideOutput<{ readonly currency: string }>() },
    open: () => ({ digits: 2 }),
    onLeft(order, ctx, { digits }) {
      yes<Same<typeof order, Order>>()
      yes<Same<typeof ctx.key, string>>()
      yes<Same<typeof ctx.state.rate, ValueState<number>>>()
      yes<Same<typeof digits, number>>()
      ctx.sideOutputs.unknown.emit({ currency: ctx.key })
      // @ts-expect-error a value of another type
      ctx.state.rate.update('1')
      // @ts-expect-error state that is not declared
      void ctx.state.other
      return [{ euros: order.amount }]
    },
    onRight(rate, ctx) {
      yes<Same<typeof rate, Rate>>()
      ctx.timers.registerEventTime(ctx.timestamp)
      return [rate.currency]
    },
    onTimer: (timer) => [timer.timestamp],
  })
  yes<Same<ValueOf<typeof both>, { euros: number } | string | number>>()
  yes<Same<typeof both.unknown, Stream<{ readonly currency: string }>>>()
  both.to('out', anySink)

  // @ts-expect-error both sides are needed
  orders.connect(rates).process('half', { onLeft: () => undefined })
  // @ts-expect-error the other side has no key
  orders.connect(job.from('more-rates', rateSource))
  // @ts-expect-error keys of two types
  orders.connect(job.from('numbered', orderSource).keyBy((order) => order.id))
  // @ts-expect-error a window on two inputs that are not joined
  void orders.connect(rates).window

  // A key that is one of the other's
  const euros: KeyedStream<'EUR', Rate> = job.from('euros', rateSource).keyBy(() => 'EUR')
  orders.connect(euros).process('euros', { onLeft: () => undefined, onRight: () => undefined })
})

defineJob('interval-join', (job) => {
  const orders = job.from('orders', orderSource).keyBy((order) => order.currency)
  const rates = job.from('rates', rateSource).keyBy((rate) => rate.currency)
  const bounds = { lower: { before: minutes(5) }, upper: hours(1) }

  const near = orders.intervalJoin(rates, bounds).process('near', (order, rate, ctx) => {
    yes<Same<typeof order, Order>>()
    yes<Same<typeof rate, Rate>>()
    yes<Same<typeof ctx.key, string>>()
    return [{ euros: order.amount * rate.rate, lag: ctx.rightTimestamp - ctx.leftTimestamp }]
  })
  yes<Same<ValueOf<typeof near>, { euros: number; lag: number }>>()
  yes<Same<typeof near.lateLeft, Stream<Order>>>()
  yes<Same<typeof near.lateRight, Stream<Rate>>>()

  const watched = orders.intervalJoin(rates, { ...bounds, upperExclusive: true }).process('watched', {
    sideOutputs: { odd: sideOutput<number>() },
    open: () => 2,
    *process(order, rate, ctx, digits) {
      yes<Same<typeof digits, number>>()
      ctx.sideOutputs.odd.emit(rate.rate)
      yield order.id
    },
  })
  yes<Same<ValueOf<typeof watched>, number>>()
  yes<Same<typeof watched.odd, Stream<number>>>()

  // @ts-expect-error the other side has no key
  orders.intervalJoin(job.from('more-rates', rateSource), bounds)
  const numbered = job.from('numbered', orderSource).keyBy((order) => order.id)
  // @ts-expect-error keys of two types
  orders.intervalJoin(numbered, bounds)
  // @ts-expect-error a number has no unit
  orders.intervalJoin(rates, { lower: 0, upper: hours(1) })
  // @ts-expect-error both bounds are needed
  orders.intervalJoin(rates, { lower: hours(1) })
  // @ts-expect-error one row is not rows
  orders.intervalJoin(rates, bounds).process('one', (order) => order.id)
  // @ts-expect-error a promise
  orders.intervalJoin(rates, bounds).process('later', async (order) => [order])
  // @ts-expect-error a join without a key
  job.from('plain', orderSource).intervalJoin(rates, bounds)
})

defineJob('window-join', (job) => {
  const orders = job.from('orders', orderSource).keyBy((order) => order.currency)
  const rates = job.from('rates', rateSource).keyBy((rate) => rate.currency)

  const pairs = orders
    .join(rates)
    .window(tumbling(hours(1)))
    .allowedLateness(minutes(5))
    .process('pairs', (order, rate, ctx) => {
      yes<Same<typeof order, Order>>()
      yes<Same<typeof rate, Rate>>()
      yes<Same<typeof ctx.window, TimeWindow>>()
      yes<Same<typeof ctx.key, string>>()
      return [{ euros: order.amount * rate.rate }]
    })
  yes<Same<ValueOf<typeof pairs>, { euros: number }>>()
  yes<Same<typeof pairs.lateLeft, Stream<Order>>>()
  yes<Same<typeof pairs.lateRight, Stream<Rate>>>()

  const groups = orders
    .coGroup(rates)
    .window(tumbling(hours(1)))
    .process('groups', {
      sideOutputs: { empty: sideOutput<string>() },
      process(left, right, ctx) {
        yes<Same<typeof left, readonly Order[]>>()
        yes<Same<typeof right, readonly Rate[]>>()
        ctx.sideOutputs.empty.emit(ctx.key)
        // @ts-expect-error the lists are the window's own
        left.push(left[0])
        return [left.length - right.length]
      },
    })
  yes<Same<ValueOf<typeof groups>, number>>()
  yes<Same<typeof groups.empty, Stream<string>>>()

  // @ts-expect-error a join without a window
  void orders.join(rates).process
  // @ts-expect-error the other side has no key
  orders.join(job.from('more-rates', rateSource))
  const numbered = job.from('numbered', orderSource).keyBy((order) => order.id)
  // @ts-expect-error keys of two types
  orders.coGroup(numbered)
  // @ts-expect-error an aggregate of two sides
  void orders.join(rates).window(tumbling(hours(1))).aggregate
})

defineJob('temporal-join', (job) => {
  const orders = job.from('orders', orderSource).keyBy((order) => order.currency)
  const rates = job.from('rates', rateSource).keyBy((rate) => rate.currency)

  const converted = orders.temporalJoin(rates).process('converted', (order, rate, ctx) => {
    yes<Same<typeof order, Order>>()
    yes<Same<typeof rate, Rate | undefined>>()
    yes<Same<typeof ctx.key, string>>()
    yes<Same<typeof ctx.versionTimestamp, number | undefined>>()
    // @ts-expect-error there may be no version yet
    void rate.rate
    return rate ? [{ euros: order.amount * rate.rate }] : []
  })
  yes<Same<ValueOf<typeof converted>, { euros: number }>>()
  yes<Same<typeof converted.lateLeft, Stream<Order>>>()
  yes<Same<typeof converted.lateRight, Stream<Rate>>>()

  // @ts-expect-error the versions have no key
  orders.temporalJoin(job.from('more-rates', rateSource))
  const numbered = job.from('numbered', orderSource).keyBy((order) => order.id)
  // @ts-expect-error keys of two types
  orders.temporalJoin(numbered)
})

defineJob('join-errors', (job) => {
  const orders = job.from('orders', orderSource).keyBy((order) => order.currency, { onError: 'deadLetter' })
  const rates = job.from('rates', rateSource).keyBy((rate) => rate.currency)
  yes<Same<typeof orders.failed, Stream<DeadLetter>>>()
  // @ts-expect-error what keyBy reads has the parallelism
  job.from('more', orderSource).keyBy((order) => order.currency, { parallelism: 2 })

  const onError = { retry: { attempts: 3, maxAge: hours(1), otherwise: 'deadLetter' } } as const
  const near = orders.intervalJoin(rates, { lower: hours(0), upper: hours(1) }).process('near', () => [1], { onError })
  yes<Same<typeof near.failed, Stream<DeadLetter>>>()
  orders.temporalJoin(rates).process('as-of', () => [1], { onError: 'skip' })
  const pairs = orders.join(rates).window(tumbling(hours(1)))
  pairs.process('pairs', () => [1], { onError: 'deadLetter' }).failed.to('dead', deadSink)
  // @ts-expect-error there is no such policy
  pairs.process('ignored', () => [1], { onError: 'ignore' })
})
