import fc from 'fast-check'
import { collectInto, collection } from '../../../connectors/collection/index.js'
import { defineJob, type KeyedStream, type Stream } from '../../../core/index.js'
import type { Operator } from '../../../core/operators/operator.js'
import {
  type Emitted,
  emitted,
  endOfInput,
  type HarnessInput,
  type OperatorHarness,
  operatorHarness,
  record,
  watermark,
} from '../../harness/index.js'

/** `number` tells it from its duplicates. */
export interface Item {
  readonly key: string
  readonly number: number
}

export const item = (key: string, number: number, timestamp: number): HarnessInput<Item> =>
  record({ key, number }, timestamp)

/** The step `under-test` that `build` adds to a keyed stream, in the operator harness. */
export function patternHarness<Out>(
  build: (keyed: KeyedStream<string, Item>) => Stream<Out>,
  sideOutputs: readonly string[],
): OperatorHarness<Item, Out> {
  const create = operatorOf<Item>((items) => build(items.keyBy(({ key }) => key)))
  return operatorHarness<Item, Out>({ create, keyOf: ({ key }) => key, sideOutputs })
}

export function operatorOf<T>(build: (stream: Stream<T>) => Stream<unknown>): () => Operator {
  const job = defineJob('patterns', (builder) => {
    build(builder.from('items', collection<T>([]))).to('out', collectInto<unknown>([]))
  })
  const node = job.build({}).nodes.find(({ id }) => id === 'under-test')
  if (node?.kind !== 'operator') throw new Error("the job has no step 'under-test'")
  return node.create
}

/** The error of building a step: its code and message. */
export function refusal(build: () => unknown): string {
  try {
    build()
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return `${code} ${message}`
  }
  throw new Error('expected an error, found none')
}

export interface Timed<T> {
  readonly value: T
  readonly timestamp: number
  /** What the watermark was when it came. */
  readonly watermark: number
}

/** What a plain computation begins with: the records in the order in which they came, and what was said before each. */
export function recordsOf<T>(input: readonly HarnessInput<T>[]): readonly Timed<T>[] {
  let now = Number.NEGATIVE_INFINITY
  const records: Timed<T>[] = []
  for (const element of input) {
    if (element.kind === 'watermark') now = Math.max(now, element.timestamp)
    if (element.kind === 'record') records.push({ value: element.value, timestamp: element.timestamp, watermark: now })
  }
  return records
}

/** Those at or before the watermark, and the others in the order of event time; of one time, in that of their arrival. */
export function inOrder<T>(input: readonly HarnessInput<T>[]) {
  const records = recordsOf(input)
  return {
    late: records.filter(({ timestamp, watermark: now }) => timestamp <= now).map(row),
    onTime: records
      .filter(({ timestamp, watermark: now }) => timestamp > now)
      .sort((one, other) => one.timestamp - other.timestamp),
  }
}

export const row = <T>({ value, timestamp }: Timed<T>): Emitted<T> => emitted(value, timestamp)

export const byTime = <T>(rows: readonly Emitted<T>[]): Emitted<T>[] =>
  [...rows].sort((one, other) => one.timestamp - other.timestamp)

export function byKey<T extends { readonly value: Item }>(
  records: readonly T[],
): readonly (readonly [string, readonly T[]])[] {
  const keys = new Map<string, T[]>()
  for (const one of records) {
    const own = keys.get(one.value.key)
    if (own) own.push(one)
    else keys.set(one.value.key, [one])
  }
  return [...keys]
}

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'] as const

export interface RandomItems {
  /** How far from the watermark records lie, before and behind it. */
  readonly span: number
  /** Of `number`, from 0. Default: each record has its own. */
  readonly numbers?: number
}

/** A stream out of order, with ties, late records and duplicates, of one key or of many, watermarks between, and the end. */
export function randomItems({ span, numbers }: RandomItems): fc.Arbitrary<HarnessInput<Item>[]> {
  const move = fc.record({
    kind: fc.constant('item' as const),
    ahead: fc.integer({ min: -Math.ceil(span / 2), max: span }),
    key: fc.nat(KEYS.length - 1),
    number: fc.nat((numbers ?? 1) - 1),
    isTwice: fc.boolean(),
  })
  const step = fc.record({ kind: fc.constant('step' as const), by: fc.integer({ min: 1, max: span }) })
  return fc
    .tuple(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: 1, max: KEYS.length }),
      fc.array(fc.oneof({ weight: 4, arbitrary: move }, { weight: 1, arbitrary: step }), { maxLength: 24 }),
    )
    .map(([start, keys, moves]) => {
      let now = start
      const input: HarnessInput<Item>[] = []
      for (const one of moves) {
        if (one.kind === 'step') {
          now += one.by
          input.push(watermark(now))
          continue
        }
        const key = KEYS[one.key % keys] as string
        for (let copy = 0; copy <= (one.isTwice ? 1 : 0); copy++) {
          input.push(item(key, numbers === undefined ? input.length : one.number, now + one.ahead))
        }
      }
      return [...input, endOfInput()]
    })
}
