import { describe, expect, it } from 'vitest'
import { Batch, type Element } from '../../../core/element.js'
import type { Environment } from '../../../core/environment.js'
import type { Operator } from '../../../core/operators/operator.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { OutputBuffer } from '../../../runtime/task/output-buffer.js'
import { loneStage } from '../fixture/lone-stage.js'

const KEYS = 20_000

/** A clock that moves on a little whenever somebody looks. */
function tickingEnvironment(): Environment {
  const environment = virtualEnvironment()
  let now = 0
  return { ...environment, clock: { now: () => environment.clock.now(), monotonic: () => (now += 0.05) } }
}

/** A stage with much state, at whose barrier a snapshot begins; its output has room only when told. */
function stageWithState(operator: Operator) {
  const range = { first: 0, end: 8 }
  const keyed = new KeyedState({ operatorId: 'count', range })
  const state = keyed.value<number>({ kind: 'value', name: 'seen' })
  for (let key = 0; key < KEYS; key++) {
    keyed.setCurrentKey(key, key % range.end)
    state.update(key)
  }
  const room = { isThere: true }
  const sent: Element[] = []
  const outlet = {
    get hasRoom() {
      return room.isThere
    },
    send: (element: Element) => void sent.push(element),
  }
  const snapshots: number[] = []
  let bytes = 0
  const stage = loneStage({
    operator,
    output: new OutputBuffer({ operatorId: 'count', outlets: [[outlet]], capacity: 4, overflowLimit: 16 }),
    environment: tickingEnvironment(),
    range,
    keyedState: () => keyed,
    upload: async (object) => {
      bytes += object.length
      return { name: 'object', length: object.length, crc32: 0 }
    },
    onSnapshot: (id) => snapshots.push(id),
  })
  stage.send({ kind: 'barrier', barrier: { checkpointId: 1, triggeredAt: 0 } })
  while (!stage.isSnapshotting || !stage.hasRoom) stage.work()
  return { stage, room, sent, snapshots, written: () => bytes }
}

describe('a snapshot ends', () => {
  it('though the output never has room', async () => {
    const { stage, room, snapshots } = stageWithState({
      process: (batch, _from, output) => {
        for (const value of batch.values) output.emit(value, 0)
        return batch.length
      },
    })
    room.isThere = false
    stage.send({ kind: 'batch', batch: new Batch([1, 2, 3], [0, 0, 0]) })
    for (let turns = 0; snapshots.length === 0 && turns < 10_000; turns++) {
      if (!stage.work()) await Promise.resolve()
    }
    expect(snapshots).toEqual([1])
  })

  it('though there is always a record to work on, and records go on meanwhile', async () => {
    let processed = 0
    const { stage, snapshots } = stageWithState({
      process: (batch) => {
        processed += batch.length
        return batch.length
      },
    })
    const record: Element = { kind: 'batch', batch: new Batch([1], [0]) }
    for (let turns = 0; snapshots.length === 0 && turns < 100_000; turns++) {
      if (stage.hasRoom) stage.send(record)
      stage.work()
      await Promise.resolve()
    }
    expect(snapshots).toEqual([1])
    expect(processed).toBeGreaterThan(100)
  })

  it('though an operator never gets through its element', async () => {
    const { stage, snapshots } = stageWithState({
      process: (_batch, from, output) => {
        output.emit(0, 0)
        return from
      },
    })
    stage.send({ kind: 'batch', batch: new Batch([1], [0]) })
    for (let turns = 0; snapshots.length === 0 && turns < 100_000; turns++) {
      stage.work()
      await Promise.resolve()
    }
    expect(snapshots).toEqual([1])
  })
})
