/* Types of broadcast and operator state: what has to compile without an annotation, and what must not. */
import {
  defineJob,
  type ListState,
  listOperatorState,
  listState,
  mapState,
  type ReadOnlyMapState,
  type Sink,
  type Source,
  type Stream,
  sideOutput,
  type UnionState,
  unionOperatorState,
  valueState,
} from '../../core/index.js'
import { type Same, type ValueOf, yes } from './same.js'

interface Event {
  readonly user: string
  readonly amount: number
}
interface Rule {
  readonly id: string
  readonly most: number
}

declare const eventSource: Source<Event>
declare const ruleSource: Source<Rule>
declare const anySink: Sink<unknown>

defineJob('connect', (job) => {
  const events = job.from('events', eventSource)
  const rules = job.from('rules', ruleSource)
  const broadcast = rules.broadcast({ rules: mapState<string, Rule>(), newest: valueState<Rule>() })

  const checked = events
    .keyBy((event) => event.user)
    .connect(broadcast)
    .process('check', {
      state: { spent: valueState<number>() },
      sideOutputs: { over: sideOutput<{ readonly user: string }>() },
      open: () => ({ factor: 2 }),
      onRecord(event, ctx, opened) {
        yes<Same<typeof ctx.key, string>>()
        yes<Same<typeof ctx.broadcast.rules, ReadOnlyMapState<string, Rule>>>()
        ctx.state.spent.update(event.amount * opened.factor)
        ctx.timers.registerEventTime(ctx.timestamp + 1)
        ctx.sideOutputs.over.emit({ user: ctx.key })
        // @ts-expect-error broadcast state is read-only where records are processed
        ctx.broadcast.rules.put('a', { id: 'a', most: 1 })
        // @ts-expect-error so is a value
        ctx.broadcast.newest.update({ id: 'a', most: 1 })
        // @ts-expect-error state that is not declared
        void ctx.broadcast.other
        return ctx.broadcast.rules.get(event.user)?.most === 1 ? [event.amount] : undefined
      },
      onBroadcast(rule, ctx, opened) {
        opened.factor.toFixed()
        ctx.broadcast.rules.put(rule.id, rule)
        ctx.broadcast.newest.update(rule)
        // @ts-expect-error a value of another type
        ctx.broadcast.rules.put(rule.id, 'rule')
        // @ts-expect-error it has no key
        void ctx.key
        // @ts-expect-error nor state of one
        void ctx.state
        // @ts-expect-error nor timers
        void ctx.timers
        return [rule.id]
      },
      *onTimer(timer, ctx) {
        // @ts-expect-error read-only here too
        ctx.broadcast.rules.clear()
        yield { at: timer.timestamp, known: ctx.broadcast.rules.has(ctx.key) }
      },
    })
  yes<Same<ValueOf<typeof checked>, number | string | { at: number; known: boolean }>>()
  yes<Same<typeof checked.over, Stream<{ readonly user: string }>>>()

  const plain = events.connect(broadcast).process('plain', {
    onRecord: (event, ctx) => (ctx.broadcast.rules.has(event.user) ? [event] : []),
    onBroadcast: (rule, ctx) => ctx.broadcast.rules.put(rule.id, rule),
  })
  yes<Same<ValueOf<typeof plain>, Event>>()
  plain.to('plain-events', anySink)

  // @ts-expect-error a stream that is not broadcast
  events.connect(rules)
  // @ts-expect-error broadcast state of a kind that there is not
  rules.broadcast({ rules: listState<Rule>() })
  // @ts-expect-error both sides are needed
  events.connect(broadcast).process('half', { onRecord: () => undefined })
  // @ts-expect-error a window on two inputs
  void events.connect(broadcast).window
})

defineJob('operator-state', (job) => {
  const events = job.from('events', eventSource)
  const batched = events.process('batch', {
    operatorState: { held: listOperatorState<Event>(), given: unionOperatorState<number>() },
    process(event, ctx) {
      yes<Same<typeof ctx.operatorState.held, ListState<Event>>>()
      yes<Same<typeof ctx.operatorState.given, UnionState<number>>>()
      ctx.operatorState.held.add(event)
      ctx.operatorState.given.add(Math.max(...ctx.operatorState.given.restored()))
      // @ts-expect-error a value of another type
      ctx.operatorState.held.add(3)
      // @ts-expect-error list state is known to its own subtask alone
      ctx.operatorState.held.restored()
      // @ts-expect-error state that is not declared
      void ctx.operatorState.other
      return ctx.operatorState.held.values()
    },
  })
  yes<Same<ValueOf<typeof batched>, Event>>()
  events.process('wrong', {
    // @ts-expect-error keyed state has no place without a key
    operatorState: { held: listState<Event>() },
    process: () => undefined,
  })
  events.process('plain', (event, ctx) => {
    // @ts-expect-error nothing declared
    void ctx.operatorState
    return [event]
  })
})
