import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { Batch } from '../../../../core/element.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import { toInternalKey } from '../../../../core/state/key-codec.js'
import { keyGroupOf } from '../../../../core/state/key-groups.js'
import { afterCount, eventTime, session, sliding, tumbling } from '../../../../core/window/index.js'
import { HarnessEnvironment } from '../../../harness/environment.js'
import { HarnessMetrics } from '../../../harness/metrics.js'
import { OperatorInstance } from '../../../harness/operator-instance.js'
import { EMPTY_SNAPSHOT, type OperatorSnapshot } from '../../../harness/snapshot.js'
import type { Reading } from './model.js'
import { rowOf, VALUES, type WindowCase } from './window-harness.js'

const MAX_PARALLELISM = 4

async function open({ assigner, trigger }: WindowCase, restored: OperatorSnapshot): Promise<OperatorInstance> {
  const instance = new OperatorInstance({
    operator: windowOperator({
      assigner,
      ...(trigger && { trigger }),
      allowedLatenessMs: 0,
      contents: { kind: 'aggregate', aggregate: VALUES, shape: rowOf },
    }),
    index: 0,
    parallelism: 1,
    maxParallelism: MAX_PARALLELISM,
    sideOutputs: ['late'],
    environment: new HarnessEnvironment(0),
    metrics: new HarnessMetrics(),
    parameters: {},
    restored,
    ports: [[], []],
    capacity: 16,
    isClosedEverySecondCall: false,
  })
  await instance.open()
  return instance
}

async function snapshotOf(before: WindowCase): Promise<OperatorSnapshot> {
  const instance = await open(before, EMPTY_SNAPSHOT)
  instance.send(
    new Batch<Reading>([{ key: 'a', value: 1 }], [1], [toInternalKey('a')], [keyGroupOf('a', MAX_PARALLELISM)]),
    0,
  )
  return instance.snapshot()
}

const CHANGES: [string, WindowCase, WindowCase][] = [
  ['another size', { assigner: tumbling(millis(10)) }, { assigner: tumbling(millis(20)) }],
  ['windows by slice for windows', { assigner: tumbling(millis(10)) }, { assigner: sliding(millis(10), millis(5)) }],
  ['another slide', { assigner: sliding(millis(10), millis(5)) }, { assigner: sliding(millis(10), millis(2)) }],
  ['another gap', { assigner: session(millis(5)) }, { assigner: session(millis(6)) }],
  [
    'another trigger',
    { assigner: session(millis(5)), trigger: afterCount(2) },
    { assigner: session(millis(5)), trigger: eventTime() },
  ],
]

describe('stored windows', () => {
  test.each(CHANGES)('of a step that was changed are refused: %s', async (_change, before, after) => {
    const snapshot = await snapshotOf(before)
    await expect(open(after, snapshot)).rejects.toMatchObject({
      code: 'WINDOW_STATE_INCOMPATIBLE',
      domain: 'user',
      operatorId: 'under-test',
      message: expect.stringContaining(before.assigner.kind),
    })
    await expect(open(before, snapshot)).resolves.toBeDefined()
  })
})
