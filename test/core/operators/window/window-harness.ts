import fc from 'fast-check'
import { type WindowOperatorSpec, windowOperator } from '../../../../core/operators/window/index.js'
import type { Aggregate } from '../../../../core/window/aggregate.js'
import type { Evictor, GlobalWindow, TimeWindow, Trigger, WindowAssigner } from '../../../../core/window/index.js'
import {
  endOfInput,
  type HarnessInput,
  type OperatorHarness,
  operatorHarness,
  processingTime,
  record,
  watermark,
} from '../../../harness/index.js'
import type { Reading, Row } from './model.js'

/** Changes its accumulator in place and, where it can, returns the right side of a merge as it is: the hard cases. */
export const VALUES: Aggregate<Reading, number[], number[]> = {
  kind: 'values',
  create: () => [],
  add(values, reading) {
    values.push(reading.value)
    return values
  },
  merge(left, right) {
    if (left.length === 0) return right
    for (const value of right) left.push(value)
    return left
  },
  result: (values) => [...values].sort((left, right) => left - right),
}

export interface WindowCase {
  readonly assigner: WindowAssigner<unknown, TimeWindow | GlobalWindow>
  readonly trigger?: Trigger
  readonly evictor?: Evictor<Reading>
  readonly latenessMs?: number
  readonly contents?: 'aggregate' | 'process'
  readonly startAt?: number
}

export function rowOf(key: unknown, window: TimeWindow | GlobalWindow, values: readonly number[]): Row {
  const bounds = 'global' in window ? { start: -1, end: -1 } : window
  return { key: String(key), start: bounds.start, end: bounds.end, values }
}

/** Every row is followed by nothing or, of process contents, comes out of a generator. */
export function windowHarness({
  assigner,
  trigger,
  evictor,
  latenessMs = 0,
  contents = 'aggregate',
  startAt = 0,
}: WindowCase): OperatorHarness<Reading, Row> {
  const spec: WindowOperatorSpec<Reading, TimeWindow | GlobalWindow, number[], number[], Row> = {
    assigner,
    ...(trigger && { trigger }),
    ...(evictor && { evictor }),
    allowedLatenessMs: latenessMs,
    contents:
      contents === 'aggregate'
        ? { kind: 'aggregate', aggregate: VALUES, shape: rowOf }
        : {
            kind: 'process',
            *process(key, window, readings) {
              yield rowOf(key, window, VALUES.result(readings.map((reading) => reading.value)))
            },
          },
  }
  return operatorHarness({
    create: () => windowOperator(spec),
    keyOf: (reading: Reading) => reading.key,
    sideOutputs: ['late'],
    startAt,
  })
}

export const at = (timestamp: number, value: number, key = 'a'): HarnessInput<Reading> =>
  record({ key, value }, timestamp)

/** Out of order, with ties, late records, few keys, watermarks between and the end. */
export function randomInput(span: number): fc.Arbitrary<HarnessInput<Reading>[]> {
  const reading = fc.record({
    kind: fc.constant('reading' as const),
    ahead: fc.integer({ min: -span, max: span }),
    key: fc.constantFrom('a', 'b', 'c'),
    value: fc.integer({ min: 0, max: 9 }),
  })
  const step = fc.record({ kind: fc.constant('step' as const), by: fc.integer({ min: 1, max: Math.ceil(span / 2) }) })
  return fc
    .tuple(
      fc.integer({ min: -50, max: 50 }),
      fc.array(fc.oneof({ weight: 3, arbitrary: reading }, { weight: 1, arbitrary: step }), { maxLength: 25 }),
    )
    .map(([start, moves]) => {
      let now = start
      const input: HarnessInput<Reading>[] = []
      for (const move of moves) {
        if (move.kind === 'step') {
          now += move.by
          input.push(watermark(now))
        } else input.push(at(now + move.ahead, move.value, move.key))
      }
      return [...input, endOfInput()]
    })
}

/** Records as above, whose times say nothing, while the clock moves; watermarks come between. */
export function randomArrivals(startAt: number): fc.Arbitrary<HarnessInput<Reading>[]> {
  const reading = fc.record({
    kind: fc.constant('reading' as const),
    by: fc.integer({ min: -20, max: 20 }),
    key: fc.constantFrom('a', 'b', 'c'),
    value: fc.integer({ min: 0, max: 9 }),
  })
  const tick = fc.record({ kind: fc.constant('tick' as const), by: fc.integer({ min: 1, max: 9 }) })
  const step = fc.record({ kind: fc.constant('step' as const), by: fc.integer({ min: 1, max: 9 }) })
  const move = fc.oneof(
    { weight: 4, arbitrary: reading },
    { weight: 3, arbitrary: tick },
    { weight: 1, arbitrary: step },
  )
  return fc.tuple(fc.array(move, { maxLength: 25 }), fc.boolean()).map(([moves, ends]) => {
    let now = startAt
    let time = 0
    const input = moves.map((move): HarnessInput<Reading> => {
      if (move.kind === 'reading') return at(time + move.by, move.value, move.key)
      if (move.kind === 'tick') {
        now += move.by
        return processingTime(now)
      }
      time += move.by
      return watermark(time)
    })
    return ends ? [...input, endOfInput()] : input
  })
}
