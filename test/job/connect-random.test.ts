import fc from 'fast-check'
import { boundedOutOfOrderness, defineJob, listOperatorState, mapState, seconds, valueState } from 'tidemark'
import { collectInto, collection } from 'tidemark/collection'
import { expect, test } from 'vitest'
import { runs } from '../setup/runs.js'
import { type TestRun, testJob } from '../testing.js'

interface Payment {
  readonly user: string
  readonly amount: number
  readonly at: number
}
interface Limit {
  readonly user: string
  /** Undefined: the limit is lifted. */
  readonly most: number | undefined
  readonly at: number
}

const byTime = boundedOutOfOrderness({ timestamp: (value: { readonly at: number }) => value.at, maxDelay: seconds(0) })

/** What each user has spent, beside the limit as it was then; and every payment again, through a list a subtask. */
const job = defineJob('limits', (builder) => {
  const limits = builder.from('limits', collection<Limit>([]), byTime)
  const payments = builder.from('payments', collection<Payment>([]), byTime)
  payments
    .keyBy(({ user }) => user)
    .connect(limits.broadcast({ limits: mapState<string, number>(), changes: valueState<number>() }))
    .process('check', {
      state: { spent: valueState<number>({ initial: () => 0 }) },
      onRecord({ user, amount }, ctx) {
        const spent = (ctx.state.spent.value() ?? 0) + amount
        ctx.state.spent.update(spent)
        return [`${user} ${spent} of ${ctx.broadcast.limits.get(user)} (${ctx.broadcast.changes.value() ?? 0})`]
      },
      onBroadcast({ user, most }, ctx) {
        if (most === undefined) ctx.broadcast.limits.remove(user)
        else ctx.broadcast.limits.put(user, most)
        ctx.broadcast.changes.mutate((before) => (before ?? 0) + 1)
      },
    })
    .to('checked', collectInto<string>([]))
  payments
    .process('in-twos', {
      operatorState: { waiting: listOperatorState<number>() },
      process({ at }, ctx) {
        const { waiting } = ctx.operatorState
        waiting.add(at)
        if (waiting.values().length < 2) return []
        const both = waiting.values()
        waiting.clear()
        return both
      },
    })
    .to('again', collectInto<number>([]))
})

const user = fc.constantFrom('a', 'b', 'c', 'd', 'e')
type Step =
  | { readonly kind: 'payments'; readonly of: readonly (readonly [user: string, amount: number])[] }
  | { readonly kind: 'limits'; readonly of: readonly (readonly [user: string, most: number | undefined])[] }
  | { readonly kind: 'restart'; readonly parallelism: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('payments' as const),
      of: fc.array(fc.tuple(user, fc.nat(9)), { minLength: 1, maxLength: 6 }),
    }),
    fc.record({
      kind: fc.constant('limits' as const),
      of: fc.array(fc.tuple(user, fc.option(fc.nat(9), { nil: undefined })), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant('restart' as const), parallelism: fc.integer({ min: 1, max: 4 }) }),
  ),
  { minLength: 2, maxLength: 10 },
)

/** The same by hand, one after the other. */
class Model {
  readonly payments: Payment[] = []
  readonly limits: Limit[] = []
  readonly checked: string[] = []
  private readonly spent = new Map<string, number>()
  private readonly limitOf = new Map<string, number>()

  pay(of: string, amount: number): Payment {
    const payment = { user: of, amount, at: this.payments.length + 1 }
    this.payments.push(payment)
    const spent = (this.spent.get(of) ?? 0) + amount
    this.spent.set(of, spent)
    this.checked.push(`${of} ${spent} of ${this.limitOf.get(of)} (${this.limits.length})`)
    return payment
  }

  limit(of: string, most: number | undefined): Limit {
    const limit = { user: of, most, at: this.limits.length + 1 }
    this.limits.push(limit)
    if (most === undefined) this.limitOf.delete(of)
    else this.limitOf.set(of, most)
    return limit
  }
}

test('keyed, broadcast and list state together are what one run by hand gives, over restarts at any parallelism', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const model = new Model()
      let run: TestRun = await testJob(job, { sources: { payments: [], limits: [] } })
      const checked: unknown[] = []
      const again: unknown[] = []
      const keepResults = (): void => {
        checked.push(...run.results('checked'))
        again.push(...run.results('again'))
      }
      for (const step of sequence) {
        if (step.kind === 'payments') {
          await run.send(
            'payments',
            step.of.map(([of, amount]) => model.pay(of, amount)),
          )
        } else if (step.kind === 'limits') {
          await run.send(
            'limits',
            step.of.map(([of, most]) => model.limit(of, most)),
          )
        } else {
          const from = await run.savepoint()
          keepResults()
          const { payments, limits } = model
          run = await testJob(job, { sources: { payments, limits }, parallelism: step.parallelism, from })
        }
      }
      await run.finish()
      keepResults()
      expect(checked.sort()).toEqual(model.checked.sort())
      // None twice; none lost: at most one waits in each of four subtasks, however the entries were dealt out.
      expect(new Set(again).size).toBe(again.length)
      const waiting = model.payments.length - again.length
      expect(waiting).toBeGreaterThanOrEqual(0)
      expect(waiting).toBeLessThanOrEqual(4)
    }),
    runs(200),
  )
})
