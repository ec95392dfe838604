import fc from 'fast-check'
import { describe, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import {
  processingTime as atTheEnd,
  type GlobalWindow,
  session,
  sliding,
  stagger,
  type TimeWindow,
  tumbling,
  type WindowAssigner,
} from '../../../../core/window/index.js'
import { emitted, type HarnessInput } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import { cut, type Read } from './cut-by-time.js'
import type { Reading, Row } from './model.js'
import { randomArrivals, windowHarness } from './window-harness.js'

const START = 1003
const inProcessingTime = { time: 'processing' } as const
/** Fires like the default, but is not it: its windows are kept by key. */
const sameAsDefault = Object.freeze({ ...atTheEnd(), kind: 'sameAsDefault()' })

interface Sizes {
  readonly size: number
  readonly slide: number
}
type Windows = readonly [
  name: string,
  assigner: (sizes: Sizes) => WindowAssigner<unknown, TimeWindow | GlobalWindow>,
  rows: (records: readonly Read[], sizes: Sizes) => readonly Row[],
]

const WINDOWS: readonly Windows[] = [
  [
    'tumbling',
    ({ size }) => tumbling(millis(size), inProcessingTime),
    (records, { size }) => aligned(records, { size, slide: size }),
  ],
  ['sliding', ({ size, slide }) => sliding(millis(size), millis(slide), inProcessingTime), aligned],
  [
    'session',
    ({ size }) => session(millis(size), inProcessingTime),
    (records, { size }) => cut(records, ({ timestamp }) => timestamp + size),
  ],
  [
    'stagger',
    ({ size }) => stagger(millis(size), inProcessingTime),
    (records, { size }) => cut(records, (_record, start) => start + size),
  ],
]

describe('windows of processing time over random streams', () => {
  test.each(WINDOWS)(
    'are what cutting all records by their arrival gives, whatever they and the watermark say (%s)',
    async (name, assigner, rowsOf) => {
      const cases = fc.record({
        size: fc.integer({ min: 1, max: 12 }),
        slide: fc.integer({ min: 1, max: 8 }),
        contents: fc.constantFrom('aggregate' as const, 'process' as const),
        isByKey: fc.boolean(),
        input: randomArrivals(START),
      })
      await fc.assert(
        fc.asyncProperty(cases, async ({ contents, isByKey, input, ...sizes }) => {
          const { records, now } = arrivals(input)
          // What the clock has not reached when the input ends does not fire.
          const due = rowsOf(records, sizes).filter(({ end }) => end <= now)
          const trigger = isByKey && name !== 'session' ? { trigger: sameAsDefault } : {}
          await windowHarness({ assigner: assigner(sizes), contents, startAt: START, ...trigger }).verify({
            input,
            expect: due.toSorted((left, right) => left.end - right.end).map((row) => emitted(row, row.end - 1)),
            sideOutputs: { late: [] },
          })
        }),
        runs(200),
      )
    },
  )
})

/** Records with the time of their arrival, and the time at the end. */
function arrivals(input: readonly HarnessInput<Reading>[]): {
  readonly records: readonly Read[]
  readonly now: number
} {
  let now = START
  const records: Read[] = []
  for (const element of input) {
    if (element.kind === 'processingTime') now = element.now
    if (element.kind === 'record') records.push({ ...element, timestamp: now })
  }
  return { records, now }
}

function aligned(records: readonly Read[], { size, slide }: Sizes): readonly Row[] {
  const windows = new Map<string, Row & { values: number[] }>()
  for (const { value, timestamp } of records) {
    for (let start = Math.floor(timestamp / slide) * slide; start > timestamp - size; start -= slide) {
      const id = `${start} ${value.key}`
      const row = windows.get(id) ?? { key: value.key, start, end: start + size, values: [] }
      windows.set(id, row)
      row.values.push(value.value)
    }
  }
  return [...windows.values()].map((row) => ({ ...row, values: row.values.toSorted((a, b) => a - b) }))
}
