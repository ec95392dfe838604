import fc from 'fast-check'
import { describe, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { afterCount, every, global, onTime, purging, tumbling } from '../../../../core/window/index.js'
import { type Emitted, emitted, type HarnessInput } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import type { Reading, Row } from './model.js'
import { randomArrivals, randomInput, windowHarness } from './window-harness.js'

const START = 1003
const sizes = fc.integer({ min: 1, max: 12 })

interface Kept {
  readonly key: string
  readonly start: number
  values: number[]
  /** Records since the last firing. */
  since: number
  /** When the clock is to fire it. */
  asked: number
}

interface Sizes {
  readonly size: number
  readonly lateness: number
}

/** What is kept of each key and window, and what was fired. */
class Plain {
  readonly rows: Emitted<Row>[] = []
  readonly late: Emitted<Reading>[] = []
  readonly kept = new Map<string, Kept>()

  of(key: string, start: number): Kept {
    const id = `${start} ${key}`
    const kept = this.kept.get(id) ?? { key, start, values: [], since: 0, asked: Number.POSITIVE_INFINITY }
    this.kept.set(id, kept)
    return kept
  }

  /** What is kept of a record's tumbling window, with the record; undefined where it is late. */
  take({ value, timestamp }: Emitted<Reading>, { size, lateness }: Sizes, watermark: number): Kept | undefined {
    const start = Math.floor(timestamp / size) * size
    if (start + size - 1 + lateness <= watermark) {
      this.late.push(emitted(value, timestamp))
      return undefined
    }
    const kept = this.of(value.key, start)
    kept.values.push(value.value)
    return kept
  }

  fire(kept: Kept, { end, time = end - 1, purges }: { end: number; time?: number; purges: boolean }): void {
    const { key, start, values } = kept
    // A firing without contents gives no result.
    if (values.length > 0) this.rows.push(emitted({ key, start, end, values: values.toSorted((a, b) => a - b) }, time))
    kept.since = 0
    kept.asked = Number.POSITIVE_INFINITY
    if (purges) kept.values = []
  }

  drop(isOver: (kept: Kept) => boolean): void {
    for (const [id, kept] of this.kept) if (isOver(kept)) this.kept.delete(id)
  }
}

describe('afterCount over random streams', () => {
  const cases = fc.record({
    size: sizes,
    n: fc.integer({ min: 1, max: 4 }),
    lateness: fc.integer({ min: 0, max: 6 }),
    purges: fc.boolean(),
    input: randomInput(15),
  })
  const triggerOf = (n: number, purges: boolean) => (purges ? purging(afterCount(n)) : afterCount(n))

  test('fires with each n-th record that a window takes, with all so far or, purging, with the last n', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, n, lateness, purges, input }) => {
        const plain = new Plain()
        let now = Number.NEGATIVE_INFINITY
        for (const element of input) {
          if (element.kind === 'watermark') now = Math.max(now, element.timestamp)
          if (element.kind !== 'record') continue
          const kept = plain.take(element, { size, lateness }, now)
          if (kept && ++kept.since === n) plain.fire(kept, { end: kept.start + size, purges })
        }
        await windowHarness({
          assigner: tumbling(millis(size)),
          trigger: triggerOf(n, purges),
          latenessMs: lateness,
        }).verify({ input, expect: plain.rows, sideOutputs: { late: plain.late } })
      }),
      runs(200),
    )
  })

  test('of a global window fires with each n-th record of a key, whatever time it is', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ n, purges, input }) => {
        const plain = new Plain()
        for (const element of input) {
          if (element.kind !== 'record') continue
          const kept = plain.of(element.value.key, -1)
          kept.values.push(element.value.value)
          if (++kept.since === n) plain.fire(kept, { end: -1, time: Number.POSITIVE_INFINITY, purges })
        }
        await windowHarness({ assigner: global(), trigger: triggerOf(n, purges) }).verify({ input, expect: plain.rows })
      }),
      runs(200),
    )
  })
})

/** The first multiple of the interval behind the clock's time. */
const nextMultiple = (now: number, interval: number): number => (Math.floor(now / interval) + 1) * interval

describe('every by the wall clock over random streams', () => {
  test.each([false, true])(
    'in windows of event time fires at its multiples, until the watermark takes the window (purging: %s)',
    async (purges) => {
      const cases = fc.record({
        size: sizes,
        interval: sizes,
        lateness: fc.integer({ min: 0, max: 6 }),
        input: randomArrivals(START),
      })
      await fc.assert(
        fc.asyncProperty(cases, async ({ size, interval, lateness, input }) => {
          const plain = new Plain()
          let clock = START
          let now = Number.NEGATIVE_INFINITY
          for (const element of input) {
            if (element.kind === 'record') {
              const kept = plain.take(element, { size, lateness }, now)
              if (kept) kept.asked = Math.min(kept.asked, nextMultiple(clock, interval))
            } else if (element.kind === 'processingTime') {
              clock = element.now
              for (const kept of plain.kept.values()) {
                if (kept.asked <= clock) plain.fire(kept, { end: kept.start + size, purges })
              }
            } else if (element.kind === 'watermark') {
              now = Math.max(now, element.timestamp)
              plain.drop(({ start }) => start + size - 1 + lateness <= now)
            }
          }
          const trigger = every(millis(interval), { time: 'processing' })
          await windowHarness({
            assigner: tumbling(millis(size)),
            trigger: purges ? purging(trigger) : trigger,
            latenessMs: lateness,
            startAt: START,
          }).verify({ input, expect: plain.rows, sideOutputs: { late: plain.late } })
        }),
        runs(200),
      )
    },
  )

  test.each([false, true])(
    'gives early results of windows of processing time, and the last one at their end (purging: %s)',
    async (purges) => {
      const cases = fc.record({ size: sizes, interval: sizes, input: randomArrivals(START) })
      await fc.assert(
        fc.asyncProperty(cases, async ({ size, interval, input }) => {
          const trigger = onTime({ time: 'processing' }).early(every(millis(interval), { time: 'processing' }))
          await windowHarness({
            assigner: tumbling(millis(size), { time: 'processing' }),
            trigger: purges ? purging(trigger) : trigger,
            startAt: START,
          }).verify({
            input,
            expect: earlyByTheClock(input, { size, interval, purges }),
            sideOutputs: { late: [] },
          })
        }),
        runs(200),
      )
    },
  )
})

/** Looks at all windows whenever the clock moves: one result at most, also where a multiple and the end are reached together. */
function earlyByTheClock(
  input: readonly HarnessInput<Reading>[],
  { size, interval, purges }: { readonly size: number; readonly interval: number; readonly purges: boolean },
): readonly Emitted<Row>[] {
  const plain = new Plain()
  let clock = START
  for (const element of input) {
    if (element.kind === 'record') {
      const kept = plain.of(element.value.key, Math.floor(clock / size) * size)
      kept.values.push(element.value.value)
      kept.asked = Math.min(kept.asked, nextMultiple(clock, interval))
    } else if (element.kind === 'processingTime') {
      clock = element.now
      for (const kept of [...plain.kept.values()].sort((left, right) => left.start - right.start)) {
        const end = kept.start + size
        if (kept.asked <= clock || end <= clock) plain.fire(kept, { end, purges })
      }
      plain.drop(({ start }) => start + size <= clock)
    }
  }
  return plain.rows
}
