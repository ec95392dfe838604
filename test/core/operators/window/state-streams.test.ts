import fc from 'fast-check'
import { test } from 'vitest'
import { valueState } from '../../../../core/state/declare.js'
import { emitted } from '../../../harness/index.js'
import { runs } from '../../../setup/runs.js'
import { functionHarness, LASTING } from './function-harness.js'
import { aligned } from './model.js'
import { randomInput } from './window-harness.js'

test.each(LASTING.filter(([name]) => name.startsWith('tumbling')))(
  'over random streams the state of a window counts its own firings, and that of a key those of all its windows (%s)',
  async (_name, windows) => {
    const latenesses = fc.constantFrom(0, 3, 12, Number.POSITIVE_INFINITY)
    await fc.assert(
      fc.asyncProperty(randomInput(25), latenesses, async (input, lateness) => {
        const counts = new Map<string, number>()
        const next = (id: string): number => {
          const count = (counts.get(id) ?? 0) + 1
          counts.set(id, count)
          return count
        }
        const expected = aligned(input, { size: 10, slide: 10, offset: 0, lateness })
        const initial = (): number => 0
        await functionHarness(
          { ...windows, latenessMs: lateness },
          {
            windowState: { firings: valueState<number>({ initial }) },
            keyState: { firings: valueState<number>({ initial }) },
            process(readings, { key, window, windowState, keyState }) {
              windowState.firings.update((windowState.firings.value() ?? 0) + 1)
              keyState.firings.update((keyState.firings.value() ?? 0) + 1)
              const start = 'start' in window ? window.start : undefined
              return [
                { key, start, n: readings.length, own: windowState.firings.value(), all: keyState.firings.value() },
              ]
            },
          },
        ).verify({
          input,
          expect: expected.rows.map(({ value: { key, start, values }, timestamp }) =>
            emitted({ key, start, n: values.length, own: next(`${key} ${start}`), all: next(key) }, timestamp),
          ),
          sideOutputs: { late: expected.late },
        })
      }),
      runs(200),
    )
  },
)
