import fc from 'fast-check'
import { describe, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { eventTime, session, sliding, tumbling } from '../../../../core/window/index.js'
import { purging } from '../../../../core/window/triggers.js'
import { runs } from '../../../setup/runs.js'
import { aligned, sessions } from './model.js'
import { randomInput, windowHarness } from './window-harness.js'

const latenesses = fc.constantFrom(0, 0, 1, 3, 7, 30, Number.POSITIVE_INFINITY)
const contents = fc.constantFrom('aggregate' as const, 'process' as const)
const signedOffset = (offset: number) => (offset < 0 ? { negativeOffset: millis(-offset) } : { offset: millis(offset) })

/** Fires like the default, but is not it: its windows are kept by key. */
const sameAsDefault = Object.freeze({ ...eventTime(), kind: 'sameAsDefault()' })

describe('windows over random streams are what a plain computation over all records gives', () => {
  test('tumbling, by window and by key', async () => {
    const cases = fc.record({
      size: fc.integer({ min: 1, max: 12 }),
      shift: fc.double({ min: -0.99, max: 0.99, noNaN: true }),
      lateness: latenesses,
      contents,
      isByKey: fc.boolean(),
      input: randomInput(15),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, shift, lateness, contents, isByKey, input }) => {
        const offset = Math.trunc(shift * size)
        const expected = aligned(input, { size, slide: size, offset, lateness })
        const assigner = tumbling(millis(size), signedOffset(offset))
        const trigger = isByKey ? { trigger: sameAsDefault } : {}
        await windowHarness({ assigner, latenessMs: lateness, contents, ...trigger }).verify({
          input,
          expect: expected.rows,
          sideOutputs: { late: expected.late },
          counters: { lateRecords: expected.late.length, recordsInNoWindow: expected.outside },
        })
      }),
      runs(300),
    )
  })

  test('sliding, by slice, by window and by key, with sizes that the slide divides or not, and gaps', async () => {
    const cases = fc.record({
      size: fc.integer({ min: 1, max: 20 }),
      slide: fc.integer({ min: 1, max: 12 }),
      shift: fc.double({ min: -0.99, max: 0.99, noNaN: true }),
      lateness: latenesses,
      layout: fc.constantFrom('slice', 'slice', 'slice', 'window', 'key'),
      input: randomInput(20),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, slide, shift, lateness, layout, input }) => {
        const offset = Math.trunc(shift * slide)
        const expected = aligned(input, { size, slide, offset, lateness })
        const assigner = sliding(millis(size), millis(slide), signedOffset(offset))
        const trigger = layout === 'key' ? { trigger: sameAsDefault } : {}
        const contents = layout === 'window' ? 'process' : 'aggregate'
        await windowHarness({ assigner, latenessMs: lateness, contents, ...trigger }).verify({
          input,
          expect: expected.rows,
          sideOutputs: { late: expected.late },
          counters: { lateRecords: expected.late.length, recordsInNoWindow: expected.outside },
        })
      }),
      runs(600),
    )
  })

  test('sessions', async () => {
    const cases = fc.record({
      gap: fc.integer({ min: 1, max: 8 }),
      lateness: latenesses,
      contents,
      input: randomInput(15),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ gap, lateness, contents, input }) => {
        const expected = sessions(input, { gap, lateness })
        await windowHarness({ assigner: session(millis(gap)), latenessMs: lateness, contents }).verify({
          input,
          expect: expected.rows,
          sideOutputs: { late: expected.late },
          counters: { lateRecords: expected.late.length },
        })
      }),
      runs(400),
    )
  })

  test('a purging trigger without lateness gives what the default gives', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), randomInput(15), async (size, input) => {
        const expected = aligned(input, { size, slide: size, offset: 0, lateness: 0 })
        await windowHarness({ assigner: tumbling(millis(size)), trigger: purging(eventTime()) }).verify({
          input,
          expect: expected.rows,
          sideOutputs: { late: expected.late },
        })
      }),
      runs(200),
    )
  })
})
