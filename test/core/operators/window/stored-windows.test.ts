import { describe, expect, test } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { Batch } from '../../../../core/element.js'
import { windowOperator } from '../../../../core/operators/window/index.js'
import { FrameWriter, framesOf, OBJECT_MAGIC, readFrame } from '../../../../core/state/frames.js'
import { toInternalKey } from '../../../../core/state/key-codec.js'
import { keyGroupOf } from '../../../../core/state/key-groups.js'
import { afterCount, counted, eventTime, session, sliding, tumbling } from '../../../../core/window/index.js'
import type { OperatorInstance } from '../../../harness/operator-instance.js'
import { EMPTY_SNAPSHOT, type OperatorSnapshot } from '../../../harness/snapshot.js'
import { openAlone } from '../alone.js'
import type { Reading } from './model.js'
import { rowOf, VALUES, type WindowCase } from './window-harness.js'

const MAX_PARALLELISM = 4

function open({ assigner, trigger }: WindowCase, restored: OperatorSnapshot): Promise<OperatorInstance> {
  const operator = windowOperator({
    assigner,
    ...(trigger && { trigger }),
    allowedLatenessMs: 0,
    contents: { kind: 'aggregate', aggregate: VALUES, shape: rowOf },
  })
  return openAlone(operator, { maxParallelism: MAX_PARALLELISM, sideOutputs: ['late'], restored })
}

async function snapshotOf(before: WindowCase): Promise<OperatorSnapshot> {
  const instance = await open(before, EMPTY_SNAPSHOT)
  await instance.send(
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
  ['another count', { assigner: counted(10) }, { assigner: counted(10, { slide: 5 }) }],
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

  const HOSTILE: [string, WindowCase, unknown, unknown][] = [
    ['a window that starts at a text', { assigner: tumbling(millis(10)) }, ['0', 'a'], [1]],
    ['a window that starts at no number', { assigner: tumbling(millis(10)) }, [Number.NaN, 'a'], [1]],
    ['a slice that never starts', { assigner: sliding(millis(10), millis(5)) }, [Number.NEGATIVE_INFINITY, 'a'], [1]],
    ['a session that is none', { assigner: session(millis(5)) }, 'a', [5]],
    ['sessions that are no list', { assigner: session(millis(5)) }, 'a', { start: 1, end: 6 }],
    [
      'a session with a timer at no time',
      { assigner: session(millis(5)) },
      'a',
      [{ start: 1, end: 6, eventTimers: ['5'], processingTimers: [] }],
    ],
    ['a counted window that is no list', { assigner: counted(5) }, 'a', { contents: [], trigger: 0 }],
    ['a counted window without a count', { assigner: counted(5) }, 'a', [{ contents: [] }]],
    ['a counted window of a slice without times', { assigner: counted(5) }, 'a', [{ contents: [[1, 2]], trigger: 1 }]],
    [
      'a counted window whose count its slices do not have',
      { assigner: counted(5) },
      'a',
      [{ contents: [], trigger: 1 }],
    ],
    [
      'a session that has fired something else than windows',
      { assigner: session(millis(5)) },
      'a',
      [{ start: 1, end: 6, eventTimers: [], processingTimers: [], fired: [{ start: '1', end: 6 }] }],
    ],
  ]

  test.each(HOSTILE)('that no operator has written are refused: %s', async (_name, step, key, value) => {
    const snapshot = await snapshotOf(step)
    const { group, component, layout, version, base } = frameOf(snapshot)
    const writer = new FrameWriter({ group, component, layout, version, base })
    const encoder = writer.begin()
    encoder.value(key)
    encoder.value(value)
    const bytes = Uint8Array.from([...OBJECT_MAGIC, ...writer.take()])
    await expect(open(step, { ...snapshot, objects: [{ checkpointId: 1, bytes }] })).rejects.toMatchObject({
      code: 'CHECKPOINT_CORRUPT',
      operatorId: 'under-test',
    })
  })
})

function frameOf({ objects }: OperatorSnapshot) {
  const fail = (found: string): Error => new Error(found)
  for (const { bytes } of objects) for (const raw of framesOf(bytes, fail)) return readFrame(raw, fail)
  throw new Error('expected a frame')
}
