import { describe, expect, it } from 'vitest'
import { type Element, MIN_WATERMARK } from '../../../core/element.js'
import type { Operator } from '../../../core/operators/operator.js'
import { type VirtualEnvironment, virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { OutputBuffer } from '../../../runtime/task/output-buffer.js'
import type { Stage } from '../../../runtime/task/stage.js'
import { loneStage } from '../fixture/lone-stage.js'

function stageOf(operator: Operator, environment: VirtualEnvironment) {
  const sent: Element[] = []
  const outlet = { hasRoom: true, send: (element: Element) => void sent.push(element) }
  const stage: Stage = loneStage({
    operator,
    output: new OutputBuffer({ operatorId: 'timers', outlets: [[outlet]], capacity: 16, overflowLimit: 16 }),
    environment,
    restoredWatermark: MIN_WATERMARK,
    wake: () => {
      while (stage.work());
    },
  })
  return { stage, sent }
}

const ticking: Operator = {
  process: (batch) => batch.length,
  onProcessingTime(now, output) {
    output.emit(now, now)
    return true
  },
}

describe('processing time', () => {
  it('fires at or after the timestamp that was asked for, also when the wall clock falls behind', async () => {
    const environment = virtualEnvironment({ startAt: 1000 })
    let behindMs = 0
    const lagging: VirtualEnvironment = {
      ...environment,
      clock: { now: () => environment.clock.now() - behindMs, monotonic: environment.clock.monotonic },
    }
    const { stage, sent } = stageOf(ticking, lagging)
    stage.requestProcessingTime(1100)
    behindMs = 7
    await environment.advance(100)
    expect(sent).toEqual([])
    await environment.advance(7)
    expect(sent).toMatchObject([{ kind: 'batch', batch: { values: [1100] } }])
  })

  it('that is pending does not fire behind the end of input', async () => {
    const environment = virtualEnvironment()
    const { stage, sent } = stageOf(ticking, environment)
    stage.requestProcessingTime(environment.clock.now() + 100)
    stage.send({ kind: 'end' })
    while (stage.work());
    stage.requestProcessingTime(environment.clock.now() + 50)
    await environment.advance(1000)
    expect(sent).toEqual([{ kind: 'end' }])
    expect(environment.nextTimerAt).toBeUndefined()
  })

  it('asked for after the stage was stopped starts no timer', () => {
    const environment = virtualEnvironment()
    const { stage } = stageOf(ticking, environment)
    stage.stopTimers()
    stage.requestProcessingTime(environment.clock.now() + 50)
    expect(environment.nextTimerAt).toBeUndefined()
  })
})
