import { describe, expect, it } from 'vitest'
import type { Element } from '../../../core/element.js'
import type { Operator } from '../../../core/operators/operator.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { LocalChannel } from '../../../runtime/exchange/channel.js'
import { InputGate } from '../../../runtime/task/input-gate.js'
import type { Stage } from '../../../runtime/task/stage.js'
import { Task } from '../../../runtime/task/task.js'
import { loneStage } from '../fixture/lone-stage.js'
import { deferred } from '../fixture/start.js'

const barrier = (checkpointId: number): Element => ({ kind: 'barrier', barrier: { checkpointId, triggeredAt: 0 } })

/** A task of one stage with keyed state, fed by two channels, and what comes of it. */
function keyedTask(operator: Partial<Operator> = {}) {
  const environment = virtualEnvironment()
  const range = { first: 0, end: 4 }
  const keyed = new KeyedState({ operatorId: 'count', range })
  const state = keyed.value<number>({ kind: 'value', name: 'seen' })
  const uploads: number[] = []
  const collected: number[] = []
  const run = (): void => {
    while (task.run(Number.POSITIVE_INFINITY));
  }
  const inputs = [0, 1].map(() => new LocalChannel({ capacity: 16, onData: () => run(), onRoom: () => undefined }))
  const stage: Stage = loneStage({
    operator: { process: (batch) => batch.length, ...operator },
    environment,
    range,
    keyedState: () => keyed,
    upload: async (object, { barrier }) => {
      uploads.push(barrier.checkpointId)
      return { name: 'object', length: object.length, crc32: 0 }
    },
    onSnapshot: (id, snapshot) => task.collect(id, snapshot),
    onSnapshotFailure: (_id, error) => task.fail(error),
    onFailure: (error) => task.fail(error),
    wake: run,
  })
  const task: Task = new Task({
    name: 'count',
    environment,
    gate: new InputGate(
      inputs.map((channel) => ({ channel, input: 0 })),
      0,
    ),
    source: undefined,
    stages: [stage],
    onSnapshot: (id) => collected.push(id),
    onFailure: (error) => {
      throw error
    },
  })
  const change = (value: number): void => {
    keyed.setCurrentKey('k', 0)
    state.update(value)
  }
  return { environment, task, inputs, uploads, collected, change, run }
}

describe('a barrier that comes after its checkpoint was cancelled', () => {
  it('on one input only holds nothing up, and makes no snapshot', async () => {
    const { environment, task, inputs, uploads, collected, change } = keyedTask()
    change(1)
    inputs[0]?.send(barrier(1))
    task.cancelCheckpoint(1)
    inputs[1]?.send(barrier(1))
    await environment.settle()
    expect([uploads, collected]).toEqual([[], []])
    for (const input of inputs) input.send(barrier(2))
    await environment.settle()
    expect([uploads, collected]).toEqual([[2], [2]])
  })

  it('comes before any barrier of a newer one, and is passed over', async () => {
    const { environment, task, inputs, uploads, collected, change } = keyedTask()
    change(1)
    task.cancelCheckpoint(1)
    for (const input of inputs) input.send(barrier(1))
    for (const input of inputs) input.send(barrier(2))
    await environment.settle()
    expect([uploads, collected]).toEqual([[2], [2]])
  })

  it('while an operator holds it writes nothing, which nobody would remove', async () => {
    const held = deferred()
    let isFirst = true
    const { environment, task, inputs, uploads, collected, change } = keyedTask({
      beforeSnapshot: () => {
        if (!isFirst) return undefined
        isFirst = false
        return held.promise
      },
    })
    change(1)
    for (const input of inputs) input.send(barrier(1))
    await environment.settle()
    task.cancelCheckpoint(1)
    held.resolve()
    await environment.settle()
    expect([uploads, collected]).toEqual([[], []])
    for (const input of inputs) input.send(barrier(2))
    await environment.settle()
    expect([uploads, collected]).toEqual([[2], [2]])
  })

  it('a contribution to it that was on its way is not handed on', () => {
    const { task, collected } = keyedTask()
    const snapshot = {
      nodeId: 'count',
      watermark: 0,
      floors: [],
      range: { first: 0, end: 4 },
      objects: [],
      needed: [],
      operatorState: [],
      committables: [],
    }
    task.cancelCheckpoint(2)
    task.collect(1, snapshot)
    task.collect(2, snapshot)
    expect(collected).toEqual([])
    task.collect(3, snapshot)
    expect(collected).toEqual([3])
  })
})
