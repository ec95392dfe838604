import { describe, expect, it } from 'vitest'
import { Batch, type Element, MAX_WATERMARK } from '../../../core/element.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import type { Stage } from '../../../runtime/task/stage.js'
import { loneStage } from '../fixture/lone-stage.js'

/** A stage whose operator asks for a call in a minute with every batch, and says when it is called. */
function minuteStage() {
  const environment = virtualEnvironment({ startAt: 0 })
  const calls: number[] = []
  const stage: Stage = loneStage({
    operator: {
      process: (batch) => {
        stage.requestProcessingTime(environment.clock.now() + 60_000)
        return batch.length
      },
      onProcessingTime: (now) => {
        calls.push(now)
        stage.requestProcessingTime(now + 60_000)
        return true
      },
    },
    environment,
    wake: () => {
      while (stage.work());
    },
  })
  const send = (...elements: readonly Element[]): void => {
    for (const element of elements) {
      stage.send(element)
      while (stage.work());
    }
  }
  return { environment, calls, send }
}

const row: Element = { kind: 'batch', batch: new Batch([1], [0]) }
const end: readonly Element[] = [{ kind: 'watermark', timestamp: MAX_WATERMARK }, { kind: 'end' }]

describe('the clock of a stage', () => {
  it('calls the operator when it asked for it', async () => {
    const { environment, calls, send } = minuteStage()
    send(row)
    await environment.advance(125_000)
    expect(calls).toEqual([60_000, 120_000])
  })

  it('calls nobody once the input has ended, however long the rest of the job goes on', async () => {
    const { environment, calls, send } = minuteStage()
    send(row, ...end)
    await environment.advance(125_000)
    expect(calls).toEqual([])
    expect(environment.nextTimerAt).toBeUndefined()
  })
})
