import { describe, expect, it } from 'vitest'
import { watermarkByGroup } from '../../../core/checkpoint/redistribute.js'
import type { Element } from '../../../core/element.js'
import type { StageSnapshot } from '../../../runtime/task/stage-snapshot.js'
import { loneStage } from '../fixture/lone-stage.js'

const range = { first: 4, end: 8 }
const restored = [0, 0, 0, 0, 10, 50, 50, 10]

/** What a stage that was restored with these floors stores after the elements. */
function snapshotAfter(...elements: readonly Element[]): StageSnapshot {
  const snapshots: StageSnapshot[] = []
  const stage = loneStage({
    operator: { process: (batch) => batch.length },
    range,
    restoredWatermark: 10,
    restoredWatermarkOf: (group) => restored[group] as number,
    onSnapshot: (_id, snapshot) => snapshots.push(snapshot),
  })
  for (const element of [...elements, { kind: 'barrier', barrier: { checkpointId: 1, triggeredAt: 0 } } as const]) {
    stage.send(element)
    while (stage.work());
  }
  return snapshots[0] as StageSnapshot
}

/** By key group, after the next restore. */
function storedBy({ range: groups, watermark, floors }: StageSnapshot): number[] {
  const subtasks = [{ range: groups, watermark, floors, keyed: [], state: null }]
  return [...watermarkByGroup({ id: 'windows', kind: 'operator', version: 1, subtasks }, 8)].slice(4)
}

describe('a checkpoint taken soon after a restore', () => {
  it('keeps the watermark of each key group as its floor', () => {
    expect(storedBy(snapshotAfter())).toEqual([10, 50, 50, 10])
    expect(storedBy(snapshotAfter({ kind: 'watermark', timestamp: 20 }))).toEqual([20, 50, 50, 20])
  })

  it('has no floors left once the watermark has passed them', () => {
    expect(snapshotAfter({ kind: 'watermark', timestamp: 50 })).toMatchObject({ watermark: 50, floors: [] })
  })

  it('never stores the maximum watermark', () => {
    expect(storedBy(snapshotAfter({ kind: 'watermark', timestamp: Number.POSITIVE_INFINITY }))).toEqual([
      10, 50, 50, 10,
    ])
  })
})
