import { expect, test } from 'vitest'
import type { Split, SplitReader } from '../../../core/connector.js'
import type { Element } from '../../../core/element.js'
import type { WatermarkStrategy } from '../../../core/time/watermark-strategy.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { OperatorMetrics } from '../../../runtime/observe/metrics.js'
import { OutputBuffer } from '../../../runtime/task/output-buffer.js'
import { SourceStage } from '../../../runtime/task/source-stage.js'
import { row } from '../fixture/script.js'
import { eventTime } from '../fixture/start.js'

const IDLE_AFTER_MS = 60_000

/** A source stage whose split `busy` has a record whenever it is asked, and whose split `empty` never has one. */
async function stageOf({ isEmptyCaughtUp }: { readonly isEmptyCaughtUp: () => boolean }) {
  const environment = virtualEnvironment()
  const sent: Element[] = []
  const outlet = { hasRoom: true, send: (element: Element) => sent.push(element) }
  let next = 0
  const busy = (split: Split): SplitReader<unknown> => ({
    poll: () => ({ values: [row(next++)] }),
    position: () => split,
    finished: false,
    caughtUp: false,
    close: () => undefined,
  })
  const empty = (split: Split): SplitReader<unknown> => ({
    poll: () => undefined,
    position: () => split,
    finished: false,
    get caughtUp() {
      return isEmptyCaughtUp()
    },
    close: () => undefined,
  })
  const stage = new SourceStage({
    nodeId: 'rows',
    // The rows are those of the two readers.
    strategy: eventTime() as WatermarkStrategy<unknown>,
    output: new OutputBuffer({ operatorId: 'rows', outlets: [[outlet]], capacity: 1000, overflowLimit: 1000 }),
    onMalformed: 'fail',
    malformedPort: -1,
    environment,
    metrics: new OperatorMetrics(),
    openReader: (split) => (split.id === 'busy' ? busy(split) : empty(split)),
    onSnapshot: () => undefined,
    onFailure: (error) => {
      throw error
    },
    onEnd: () => undefined,
    wake: () => undefined,
  })
  for (const id of ['busy', 'empty']) {
    stage.assign({ split: { id }, watermark: Number.NEGATIVE_INFINITY, finished: false })
  }
  stage.start()
  await environment.settle()
  return {
    stage,
    outlet,
    /** There is a record to take at every turn. */
    async workFor(ms: number) {
      for (let passed = 0; passed < ms; passed += 500) {
        expect(stage.work()).toBe(outlet.hasRoom)
        await environment.advance(500)
      }
    },
  }
}

test('a split that is always busy does not keep an empty one of the same subtask from becoming idle', async () => {
  const { stage, workFor } = await stageOf({ isEmptyCaughtUp: () => true })
  const before = stage.watermark
  await workFor(IDLE_AFTER_MS - 2000)
  expect(stage.watermark).toBe(before)
  await workFor(4000)
  expect(stage.watermark).toBeGreaterThan(before)
})

test('one that is throttled beside a busy one does not become idle', async () => {
  const { stage, workFor } = await stageOf({ isEmptyCaughtUp: () => false })
  const before = stage.watermark
  await workFor(2 * IDLE_AFTER_MS)
  expect(stage.watermark).toBe(before)
})

test('time under backpressure is no silence of a split beside a busy one', async () => {
  const { stage, outlet, workFor } = await stageOf({ isEmptyCaughtUp: () => true })
  const before = stage.watermark
  await workFor(IDLE_AFTER_MS / 2)
  outlet.hasRoom = false
  stage.work()
  await workFor(2 * IDLE_AFTER_MS)
  outlet.hasRoom = true
  await workFor(IDLE_AFTER_MS / 4)
  expect(stage.watermark).toBe(before)
  await workFor(IDLE_AFTER_MS / 2)
  expect(stage.watermark).toBeGreaterThan(before)
})
