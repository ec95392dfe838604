import fc from 'fast-check'
import { describe, test } from 'vitest'
import { keyedCoProcessOperator } from '../../../core/operators/co-process.js'
import { filterOperator } from '../../../core/operators/filter.js'
import { flatMapOperator } from '../../../core/operators/flat-map.js'
import { keyedProcessOperator } from '../../../core/operators/keyed-process.js'
import { keyedReduceOperator } from '../../../core/operators/keyed-reduce.js'
import { mapOperator } from '../../../core/operators/map.js'
import type { Operator } from '../../../core/operators/operator.js'
import { processOperator } from '../../../core/operators/process.js'
import { sideOutput } from '../../../core/operators/side-output.js'
import { splitOperator } from '../../../core/operators/split.js'
import { listState, valueState } from '../../../core/state/declare.js'
import { type Emitted, emitted, type HarnessInput, operatorHarness } from '../../harness/index.js'
import { runs } from '../../setup/runs.js'
import { type Item, randomItems } from '../patterns/under-test.js'
import { randomSides } from './join/two-sides.js'

const streams = randomItems({ span: 15, numbers: 9 })
const keyOf = ({ key }: Item): string => key

/** The graph's operators are of any type, as those of a plan are. */
const harness = <Out>(create: () => Operator<Item, Out>, sideOutputs: readonly string[] = []) =>
  operatorHarness<Item, Out>({ create: create as () => Operator, keyOf, sideOutputs })

interface Arrived {
  readonly value: Item
  readonly timestamp: number
  /** 0 or 1: of two streams. */
  readonly input: number
}

const recordsIn = (input: readonly HarnessInput<Item>[]): readonly Arrived[] =>
  input.flatMap((element) => (element.kind === 'record' ? [element] : []))

const rowsOf = <Out>(records: readonly Arrived[], of: (value: Item) => readonly Out[]): Emitted<Out>[] =>
  records.flatMap(({ value, timestamp }) => of(value).map((row) => emitted(row, timestamp)))

describe('steps without a key give over random streams what their functions give for each record', () => {
  const number = ({ number: value }: Item): number => value
  const isEven = (value: Item): boolean => value.number % 2 === 0
  const copies = (value: Item): string[] => new Array<string>(value.number % 3).fill(value.key)
  test.each<[string, () => Operator<Item, unknown>, (value: Item) => readonly unknown[]]>([
    ['map', () => mapOperator(number), (value) => [number(value)]],
    ['filter', () => filterOperator(isEven), (value) => (isEven(value) ? [value] : [])],
    ['flatMap', () => flatMapOperator(copies), copies],
  ])('%s', async (_name, create, plain) => {
    const property = fc.asyncProperty(streams, async (input) => {
      await harness(create).verify({ input, expect: rowsOf(recordsIn(input), plain), order: 'exact' })
    })
    await fc.assert(property, runs(200))
  })

  test('split', async () => {
    const inThrees = ({ number: value }: Item): boolean => value % 3 === 0
    const create = () =>
      splitOperator<Item>([
        ['even', isEven],
        ['inThrees', inThrees],
      ])
    const property = fc.asyncProperty(streams, async (input) => {
      const records = recordsIn(input)
      const rest = records.filter(({ value }) => !isEven(value) && !inThrees(value))
      await harness(create, ['even', 'inThrees']).verify({
        input,
        expect: rowsOf(rest, (value) => [value]),
        order: 'exact',
        sideOutputs: {
          even: rowsOf(records, (value) => (isEven(value) ? [value] : [])),
          inThrees: rowsOf(records, (value) => (!isEven(value) && inThrees(value) ? [value] : [])),
        },
        counters: { recordsInNoBranch: rest.length },
      })
    })
    await fc.assert(property, runs(200))
  })

  test('process, with a side output', async () => {
    const create = () =>
      processOperator({
        sideOutputs: { even: sideOutput<number>() },
        *process(value: Item, { timestamp, sideOutputs }) {
          if (isEven(value)) sideOutputs.even.emit(value.number)
          for (const copy of copies(value)) yield `${copy} ${timestamp}`
        },
      })
    const property = fc.asyncProperty(streams, async (input) => {
      const records = recordsIn(input)
      await harness(create, ['even']).verify({
        input,
        expect: records.flatMap(({ value, timestamp }) =>
          copies(value).map((copy) => emitted(`${copy} ${timestamp}`, timestamp)),
        ),
        order: 'exact',
        sideOutputs: { even: rowsOf(records, (value) => (isEven(value) ? [value.number] : [])) },
      })
    })
    await fc.assert(property, runs(200))
  })
})

test('a reduce over random streams gives the reduction of all that came of the key', async () => {
  const create = () =>
    keyedReduceOperator<Item>((one, other) => ({ key: one.key, number: one.number * 10 + other.number }))
  const property = fc.asyncProperty(randomItems({ span: 15, numbers: 3 }), async (input) => {
    const records = recordsIn(input)
    const expect = records.map(({ value, timestamp }, index) => {
      const own = records.slice(0, index + 1).filter(({ value: { key } }) => key === value.key)
      const number = own.reduce((reduced, one) => reduced * 10 + one.value.number, 0)
      return emitted({ key: value.key, number }, timestamp)
    })
    await harness(create).verify({ input, expect, order: 'exact' })
  })
  await fc.assert(property, runs(200))
})

/** What happens to one key, in order. A watermark has no input. */
interface Moment extends Partial<Arrived> {
  readonly watermark: number
}

function momentsOf(input: readonly HarnessInput<Item>[], key: string): readonly Moment[] {
  let now = Number.NEGATIVE_INFINITY
  return input.flatMap((element): Moment[] => {
    if (element.kind === 'record') return element.value.key === key ? [{ ...element, watermark: now }] : []
    now = element.kind === 'watermark' ? element.timestamp : Number.POSITIVE_INFINITY
    return [{ watermark: now }]
  })
}

/** Rows of all keys in the order of the watermarks that cause them: each key is worked on alone, by hand. */
function byHand<Out>(
  input: readonly HarnessInput<Item>[],
  work: (key: string, moments: readonly Moment[]) => readonly (readonly Emitted<Out>[])[],
): readonly Emitted<Out>[] {
  const keys = new Set(recordsIn(input).map(({ value }) => value.key))
  const sections: Emitted<Out>[][] = []
  for (const key of keys) {
    const moments = momentsOf(input, key)
    let section = 0
    for (const [index, rows] of work(key, moments).entries()) {
      sections[section] = [...(sections[section] ?? []), ...rows]
      if (moments[index]?.value === undefined) section++
    }
  }
  return sections.flat()
}

/** The timers of a key that are due, from the first on. One that is set meanwhile is among them. */
function fireDue(timers: Set<number>, watermark: number, fire: (timestamp: number) => void): void {
  for (;;) {
    const next = Math.min(...timers)
    if (timers.size === 0 || next > watermark) return
    timers.delete(next)
    fire(next)
  }
}

test('a keyed process over random streams has its state and its timers as one key at a time has them by hand', async () => {
  const create = () =>
    keyedProcessOperator({
      state: { sum: valueState<number>({ initial: () => 0 }), kept: listState<number>() },
      process({ number }: Item, { timestamp, state, timers }) {
        state.sum.update((state.sum.value() ?? 0) + number)
        if (number % 3 === 0) timers.registerEventTime(timestamp + number)
        else if (number % 3 === 1) timers.deleteEventTime(timestamp + number - 1)
        else state.kept.add(number)
        return [`sum ${state.sum.value()}`]
      },
      onTimer({ timestamp }, { key, state, timers }) {
        const kept = state.kept.values()
        state.kept.clear()
        // Once more for what was kept: it may be due already.
        if (kept.length > 0) timers.registerEventTime(timestamp + kept.length)
        return [`${key} ${timestamp}: ${kept.join()} of ${state.sum.value()}`]
      },
    })
  const property = fc.asyncProperty(streams, async (input) => {
    const expect = byHand<string>(input, (key, moments) => {
      const timers = new Set<number>()
      let sum = 0
      let kept: number[] = []
      return moments.map(({ value, timestamp = 0, watermark }) => {
        const rows: Emitted<string>[] = []
        if (value === undefined) {
          fireDue(timers, watermark, (at) => {
            rows.push(emitted(`${key} ${at}: ${kept.join()} of ${sum}`, at))
            if (kept.length > 0) timers.add(at + kept.length)
            kept = []
          })
          return rows
        }
        sum += value.number
        if (value.number % 3 === 0) timers.add(timestamp + value.number)
        else if (value.number % 3 === 1) timers.delete(timestamp + value.number - 1)
        else kept.push(value.number)
        return [emitted(`sum ${sum}`, timestamp)]
      })
    })
    await harness(create).verify({ input, expect })
  })
  await fc.assert(property, runs(200))
})

test('two keyed streams over random streams share state and timers as one key at a time does by hand', async () => {
  const WITHIN = 6
  const create = () =>
    keyedCoProcessOperator({
      state: { open: valueState<{ readonly number: number; readonly due: number }>() },
      sideOutputs: { unmatched: sideOutput<number>() },
      onLeft({ number }: Item, { state, timers, timestamp }) {
        const before = state.open.value()
        if (before !== undefined) timers.deleteEventTime(before.due)
        state.open.update({ number, due: timestamp + WITHIN })
        timers.registerEventTime(timestamp + WITHIN)
      },
      onRight({ number }: Item, { state, timers, sideOutputs }) {
        const left = state.open.value()
        if (left === undefined) {
          sideOutputs.unmatched.emit(number)
          return []
        }
        timers.deleteEventTime(left.due)
        state.open.clear()
        return [`${left.number} and ${number}`]
      },
      onTimer(_timer, { state }) {
        const left = state.open.value()
        state.open.clear()
        return [`${left?.number} alone`]
      },
    })
  const property = fc.asyncProperty(randomSides(15), async (input) => {
    const unmatched: Emitted<number>[] = []
    const expect = byHand<string>(input, (_key, moments) => {
      let open: { readonly number: number; readonly due: number } | undefined
      return moments.map(({ value, timestamp = 0, input: side, watermark }) => {
        const left = open
        if (value === undefined) {
          if (left === undefined || left.due > watermark) return []
          open = undefined
          return [emitted(`${left.number} alone`, left.due)]
        }
        open = side === 0 ? { number: value.number, due: timestamp + WITHIN } : undefined
        if (side === 0) return []
        if (left === undefined) unmatched.push(emitted(value.number, timestamp))
        return left === undefined ? [] : [emitted(`${left.number} and ${value.number}`, timestamp)]
      })
    })
    await harness(create as () => Operator<Item, string>, ['unmatched']).verify({
      input,
      expect,
      sideOutputs: { unmatched },
    })
  })
  await fc.assert(property, runs(200))
})
