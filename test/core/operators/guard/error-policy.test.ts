import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DeadLetter } from '../../../../core/connector.js'
import { filterOperator } from '../../../../core/operators/filter.js'
import { flatMapOperator } from '../../../../core/operators/flat-map.js'
import { CallGuard } from '../../../../core/operators/guard/call-guard.js'
import { errorPolicyOf, type OnError } from '../../../../core/operators/guard/error-policy.js'
import { guardedOperator } from '../../../../core/operators/guard/guarded-operator.js'
import { keyedProcessOperator } from '../../../../core/operators/keyed-process.js'
import { keyedReduceOperator } from '../../../../core/operators/keyed-reduce.js'
import { mapOperator } from '../../../../core/operators/map.js'
import type { Operator } from '../../../../core/operators/operator.js'
import { processOperator } from '../../../../core/operators/process.js'
import { sideOutput } from '../../../../core/operators/side-output.js'
import { listState, mapState, reducingState, valueState } from '../../../../core/state/declare.js'
import { listOperatorState } from '../../../../core/state/operator-list-state.js'
import { ALL_AT_ONCE, emitted, endOfInput, operatorHarness, record, watermark } from '../../../harness/index.js'
import { runCase } from '../../../harness/run-case.js'
import { runs } from '../../../setup/runs.js'

interface Item {
  readonly key: string
  readonly n: number
  readonly isBad?: boolean
}

const item = (key: string, n: number, at: number, isBad = false) => record<Item>({ key, n, isBad }, at)

const guarded = (onError: OnError, create: () => unknown) => (): Operator => {
  const policy = errorPolicyOf('test', onError)
  if (policy === undefined) throw new Error('a test of the default policy')
  return guardedOperator(create() as Operator, { guard: new CallGuard(policy), boundary: 'record' })
}

const refuseBad = ({ isBad, n }: Item): number => {
  if (isBad === true) throw new RangeError('bad')
  return n
}

describe('skip', () => {
  const input = [item('a', 1, 1), item('a', 2, 2, true), item('a', 3, 3), item('a', 4, 4, true)]
  const counters = { skippedRecords: 2 }

  test('one bad record of a batch holds up none of the others: map, filter, flatMap, process', async () => {
    const expectRows = [emitted(1, 1), emitted(3, 3)]
    const of = (create: () => unknown) => operatorHarness<Item, unknown>({ create: guarded('skip', create) })
    await of(() => mapOperator(refuseBad)).verify({ input, expect: expectRows, order: 'exact', counters })
    await of(() => flatMapOperator((value: Item) => [refuseBad(value)])).verify({ input, expect: expectRows, counters })
    await of(() => processOperator((value: Item) => [refuseBad(value)])).verify({ input, expect: expectRows, counters })
    await of(() => filterOperator((value: Item) => refuseBad(value) > 1)).verify({
      input,
      expect: [emitted({ key: 'a', n: 3, isBad: false }, 3)],
      counters,
    })
  })

  test('rows that a failing call had emitted do not go on, in any output', async () => {
    const harness = operatorHarness<Item, number>({
      create: guarded('skip', () =>
        processOperator({
          sideOutputs: { seen: sideOutput<number>() },
          *process(value: Item, { sideOutputs }) {
            sideOutputs.seen.emit(value.n)
            yield value.n
            yield refuseBad(value) * 10
          },
        }),
      ),
      sideOutputs: ['seen'],
    })
    await harness.verify({
      input,
      expect: [emitted(1, 1), emitted(10, 1), emitted(3, 3), emitted(30, 3)],
      sideOutputs: { seen: [emitted(1, 1), emitted(3, 3)] },
      counters,
    })
  })

  test('a reduce goes on from the value before the bad record', async () => {
    const add = (left: Item, right: Item): Item => ({ key: left.key, n: left.n + refuseBad(right) })
    const harness = operatorHarness<Item, Item>({
      create: guarded('skip', () => keyedReduceOperator(add)),
      keyOf: ({ key }) => key,
    })
    await harness.verify({
      input,
      expect: [emitted({ key: 'a', n: 1, isBad: false }, 1), emitted({ key: 'a', n: 4 }, 3)],
      counters,
    })
  })

  test('a timer that fails is gone, with all that it did; other timers fire', async () => {
    const harness = operatorHarness<Item, unknown>({
      create: guarded('skip', () =>
        keyedProcessOperator({
          state: { fired: valueState<number>({ initial: () => 0 }) },
          process(value: Item, { timers }) {
            timers.registerEventTime(value.n)
          },
          *onTimer({ timestamp }, { state, timers }) {
            state.fired.mutate((count) => (count ?? 0) + 1)
            yield `${timestamp}: ${state.fired.value()}`
            if (timestamp === 20) {
              timers.registerEventTime(25)
              throw new Error('bad')
            }
          },
        }),
      ),
      keyOf: ({ key }) => key,
    })
    await harness.verify({
      input: [item('a', 10, 1), item('a', 20, 1), item('a', 30, 1), watermark(40), endOfInput()],
      expect: [emitted('10: 1', 10), emitted('30: 2', 30)],
      counters: { skippedRecords: 1 },
    })
  })
})

describe('dead letters', () => {
  test('carry the record, the code and the message', async () => {
    const create = guarded('deadLetter', () => mapOperator(refuseBad))
    const { sideOutputs, metrics } = await runCase({ create, sideOutputs: ['failed'], startAt: 500 }, ALL_AT_ONCE, [
      item('a', 1, 1),
      item('a', 2, 7, true),
    ])
    const [letter] = sideOutputs['failed'] ?? []
    expect(letter).toMatchObject({ timestamp: 7 })
    const { raw, message, ...rest } = (letter as { readonly value: DeadLetter }).value
    expect(JSON.parse(new TextDecoder().decode(raw))).toEqual({ key: 'a', n: 2, isBad: true })
    expect(message).toContain('map threw')
    expect(rest).toMatchObject({
      operatorId: 'under-test',
      code: 'USER_FUNCTION_FAILED',
      rejectedAt: 500,
      isPart: false,
    })
    expect(metrics.valueOf('deadLetters')).toBe(1)
  })
})

describe('retry', () => {
  const failing = (times: number) => {
    let left = times
    return (value: number): number => {
      if (left-- > 0) throw new Error('not yet')
      return value
    }
  }

  test('calls again from the state before the record, and counts it', async () => {
    const fail = failing(2)
    const create = guarded({ retry: { attempts: 3 } }, () =>
      keyedProcessOperator({
        state: { calls: valueState<number>({ initial: () => 0 }) },
        process(value: Item, { state }) {
          state.calls.update((state.calls.value() ?? 0) + 1)
          return [fail(value.n) + (state.calls.value() ?? 0)]
        },
      }),
    )
    const { sections, metrics } = await runCase<Item>({ create, keyOf: ({ key }) => key }, ALL_AT_ONCE, [
      item('a', 1, 1),
    ])
    expect(sections.flat()).toEqual([emitted(2, 1)])
    expect(metrics.valueOf('retriedCalls')).toBe(2)
  })

  test.each([
    ['fail', undefined],
    ['skip', 0],
  ] as const)('what has failed so often is left to %s', async (otherwise, rows) => {
    const run = runCase<number>(
      { create: guarded({ retry: { attempts: 3, otherwise } }, () => mapOperator(failing(3))) },
      ALL_AT_ONCE,
      [record(1, 1)],
    )
    if (rows === undefined) await expect(run).rejects.toMatchObject({ code: 'USER_FUNCTION_FAILED' })
    else expect((await run).sections.flat()).toHaveLength(rows)
  })
})

test('a promise where a value is expected fails the task whatever the policy', async () => {
  const create = guarded('skip', () => mapOperator(async (value: number) => value))
  await expect(runCase<number>({ create }, ALL_AT_ONCE, [record(1, 1)])).rejects.toMatchObject({
    code: 'USER_FUNCTION_RETURNED_PROMISE',
  })
})

test.each([
  ['ignore', /one of fail, skip, deadLetter/],
  [{ retry: { attempts: 1 } }, /2 on/],
  [{ retry: { attempts: 2, often: 1 } }, /often/],
])('refuses onError %j', (onError, message) => {
  expect(() => errorPolicyOf('map', onError as OnError)).toThrow(message)
})

interface Change {
  readonly kind: 'value' | 'mutate' | 'list' | 'replace' | 'put' | 'remove' | 'clear' | 'reduce' | 'timer' | 'operator'
  readonly n: number
}
interface Step {
  readonly key: string
  readonly isBad: boolean
  readonly changes: readonly Change[]
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('value', 'mutate', 'list', 'replace', 'put', 'remove', 'clear', 'reduce', 'timer'),
  n: fc.integer({ min: 0, max: 3 }),
})
const steps = fc.array(
  fc.record({
    key: fc.constantFrom('a', 'b'),
    isBad: fc.boolean(),
    changes: fc.array(change, { maxLength: 6 }),
  }),
  { maxLength: 20 },
)

/** Everything that keyed state can do, and then a look at all of it. */
const changing = () =>
  keyedProcessOperator({
    state: {
      value: valueState<{ list: number[] }>(),
      list: listState<number>(),
      map: mapState<number, number>(),
      sum: reducingState<number>((left, right) => left + right),
    },
    process({ changes, isBad }: Step, { state, timers }) {
      for (const { kind, n } of changes) {
        if (kind === 'value') state.value.update({ list: [n] })
        else if (kind === 'mutate') {
          state.value.mutate((value) => {
            const changed = value ?? { list: [] }
            changed.list.push(n)
            return changed
          })
        } else if (kind === 'list') state.list.add(n)
        else if (kind === 'replace') state.list.update(n === 0 ? [] : [n, n])
        else if (kind === 'put') state.map.put(n, n)
        else if (kind === 'remove') state.map.remove(n)
        else if (kind === 'clear') state.map.clear()
        else if (kind === 'reduce') state.sum.add(n)
        else if (n % 2 === 0) timers.registerEventTime(n)
        else timers.deleteEventTime(n - 1)
      }
      if (isBad) throw new Error('bad')
      return [seen(state)]
    },
    onTimer: ({ timestamp }, { state }) => [`timer ${timestamp} ${seen(state)}`],
  })

function seen(state: {
  readonly value: { value(): unknown }
  readonly list: { values(): unknown }
  readonly map: { entries(): Iterable<readonly [number, number]> }
  readonly sum: { value(): unknown }
}): string {
  const entries = [...state.map.entries()].sort(([left], [right]) => left - right)
  return JSON.stringify([state.value.value(), state.list.values(), entries, state.sum.value()])
}

test('state is as if failed records had never come', async () => {
  const options = { keyOf: ({ key }: Step) => key }
  const property = fc.asyncProperty(steps, async (all) => {
    const ends = [watermark(10), endOfInput()]
    const good = all.filter(({ isBad }) => !isBad)
    const expected = await runCase<Step>({ ...options, create: changing as () => Operator }, ALL_AT_ONCE, [
      ...good.map((step) => record(step, 1)),
      ...ends,
    ])
    const test = operatorHarness<Step, unknown>({ ...options, create: guarded('skip', changing) })
    await test.verify({ input: [...all.map((step) => record(step, 1)), ...ends], expect: expected.sections.flat() })
  })
  await fc.assert(property, runs(200))
})

test('operator state is taken back too', async () => {
  const create = guarded('skip', () =>
    processOperator({
      operatorState: { kept: listOperatorState<number>() },
      process(value: Item, { operatorState }) {
        operatorState.kept.add(value.n)
        return [refuseBad(value) * 100 + operatorState.kept.values().length]
      },
    }),
  )
  const { sections } = await runCase<Item>({ create }, ALL_AT_ONCE, [
    item('a', 1, 1),
    item('a', 2, 2, true),
    item('a', 3, 3),
  ])
  expect(sections.flat()).toEqual([emitted(101, 1), emitted(302, 3)])
})
