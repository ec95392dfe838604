import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { Batch } from '../../../../core/element.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import { toInternalKey } from '../../../../core/state/key-codec.js'
import { keyGroupOf } from '../../../../core/state/key-groups.js'
import { session, sliding, tumbling } from '../../../../core/window/index.js'
import type { Emitted } from '../../../harness/index.js'
import { EMPTY_SNAPSHOT, joinSnapshots, type OperatorSnapshot } from '../../../harness/snapshot.js'
import { openAlone } from '../alone.js'
import type { Reading, Row } from './model.js'
import { rowOf, VALUES } from './window-harness.js'

const MAX_PARALLELISM = 8
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const groupOf = (key: string): number => keyGroupOf(key, MAX_PARALLELISM)
const low = names.find((name) => groupOf(name) < 4) as string
const high = names.find((name) => groupOf(name) >= 4) as string

const batch = (key: string, timestamp: number, value: number): Batch<Reading> =>
  new Batch([{ key, value }], [timestamp], [toInternalKey(key)], [groupOf(key)])

const ASSIGNERS = [
  ['by window', tumbling(millis(10))],
  ['by slice', sliding(millis(10), millis(10))],
  ['by key', session(millis(4))],
] as const

/** Two subtasks, of which one was ahead of the other at the checkpoint, become one. */
describe.each(ASSIGNERS)('after a restore with different watermarks, windows kept %s', (_layout, assigner) => {
  const open = async (index: number, parallelism: number, latenessMs: number, restored: OperatorSnapshot) => {
    const rows: Emitted<Row>[] = []
    const late: Emitted<Reading>[] = []
    const operator = windowOperator({
      assigner,
      allowedLatenessMs: latenessMs,
      contents: { kind: 'aggregate', aggregate: VALUES, shape: rowOf },
    })
    const instance = await openAlone(operator, {
      index,
      parallelism,
      maxParallelism: MAX_PARALLELISM,
      sideOutputs: ['late'],
      restored,
      ports: [rows, late],
      capacity: 1,
      isClosedEverySecondCall: true,
    })
    return { instance, rows, late }
  }

  const restoredAhead = async (latenessMs: number) => {
    const first = await open(0, 2, latenessMs, EMPTY_SNAPSHOT)
    const second = await open(1, 2, latenessMs, EMPTY_SNAPSHOT)
    await first.instance.send(batch(low, 6, 1), 0)
    await second.instance.send(batch(high, 6, 1), 0)
    await second.instance.advanceWatermark(9)
    expect(second.rows.map(({ value }) => value.key)).toEqual([high])
    const snapshot = joinSnapshots([await first.instance.snapshot(), await second.instance.snapshot()])
    return open(0, 1, latenessMs, snapshot)
  }

  test('no window fires twice', async () => {
    for (const latenessMs of [0, 100]) {
      const { instance, rows } = await restoredAhead(latenessMs)
      await instance.advanceWatermark(8)
      await instance.advanceWatermark(20)
      expect(rows.map(({ value }) => [value.key, value.values])).toEqual([[low, [1]]])
    }
  })

  test('none reopens: what is late for its group is late again', async () => {
    const { instance, rows, late } = await restoredAhead(0)
    await instance.send(batch(high, 2, 7), 0)
    await instance.advanceWatermark(20)
    expect(rows.map(({ value }) => value.key)).toEqual([low])
    expect(late.map(({ value }) => value.value)).toEqual([7])
  })

  test('an allowed late record fires the whole window again at once', async () => {
    const { instance, rows } = await restoredAhead(100)
    await instance.send(batch(high, 5, 7), 0)
    expect(rows.map(({ value }) => [value.key, value.values])).toEqual([[high, [1, 7]]])
  })
})
