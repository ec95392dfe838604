import { describe, it } from 'vitest'
import { MIN_WATERMARK, NO_TIMESTAMP } from '../../../core/element.js'
import { keyedCoProcessOperator } from '../../../core/operators/co-process.js'
import {
  BROADCAST_INPUT,
  connectedProcessOperator,
  keyedConnectedProcessOperator,
} from '../../../core/operators/connected-process.js'
import { keyedProcessOperator } from '../../../core/operators/keyed-process.js'
import type { Operator } from '../../../core/operators/operator.js'
import { processOperator } from '../../../core/operators/process.js'
import type { FiredTimer, KeyedProcessContext, ProcessContext } from '../../../core/operators/process-function.js'
import { sideOutput } from '../../../core/operators/side-output.js'
import { mapState, valueState } from '../../../core/state/declare.js'
import type { Key } from '../../../core/state/key.js'
import { listOperatorState } from '../../../core/state/operator-list-state.js'
import {
  ALL_AT_ONCE,
  emitted,
  endOfInput,
  FULL_OUTPUT,
  ONE_BY_ONE,
  operatorHarness,
  processingTime,
  RESTORED,
  record,
  watermark,
} from '../../harness/index.js'

/* Every kind of process function beside every thing that it has. */

const STATE = { seen: valueState<number>({ initial: () => 0 }) }
const SIDE_OUTPUTS = { side: sideOutput<string>() }
const BROADCAST = { seen: mapState<string, number>() }
/** What `onBroadcast` gives comes out once a subtask, and an operator's list is of its subtask. */
const ONE_SUBTASK = [ONE_BY_ONE, ALL_AT_ONCE, RESTORED, FULL_OUTPUT]

type Keyed = KeyedProcessContext<Key, typeof STATE, typeof SIDE_OUTPUTS>

const times = (context: Omit<ProcessContext<typeof SIDE_OUTPUTS>, 'sideOutputs'>) =>
  `at ${context.timestamp}, watermark ${context.watermark}, clock ${context.processingTime}`

function onRecord(_value: string, context: Keyed): string[] {
  const { key, state, timers, sideOutputs } = context
  const seen = (state.seen.value() ?? 0) + 1
  state.seen.update(seen)
  timers.registerEventTime(20)
  timers.registerEventTime(30)
  timers.deleteEventTime(30)
  timers.registerProcessingTime(1020)
  timers.registerProcessingTime(1030)
  timers.deleteProcessingTime(1030)
  sideOutputs.side.emit(`${key} ${seen}`)
  return [`${key} ${seen} ${times(context)}`]
}

function onTimer(timer: FiredTimer, context: Keyed): string[] {
  const { key, state, sideOutputs } = context
  sideOutputs.side.emit(`${key} ${timer.time}`)
  return [
    `${key} ${state.seen.value()} ${timer.time} timer, watermark ${context.watermark}, clock ${context.processingTime}`,
  ]
}

const KEYED = { state: STATE, sideOutputs: SIDE_OUTPUTS, onTimer }
const nothing = () => undefined
const KEYED_KINDS: readonly (readonly [kind: string, create: () => Operator<string>, input: number])[] = [
  ['keyed process', () => keyedProcessOperator({ ...KEYED, process: onRecord }), 0],
  ['the left of two keyed streams', () => keyedCoProcessOperator({ ...KEYED, onLeft: onRecord, onRight: nothing }), 0],
  ['the right of two keyed streams', () => keyedCoProcessOperator({ ...KEYED, onLeft: nothing, onRight: onRecord }), 1],
  [
    'keyed records beside a broadcast stream',
    () => keyedConnectedProcessOperator(BROADCAST, { ...KEYED, onRecord, onBroadcast: nothing }),
    0,
  ],
]

const onElement = { sideOutputs: SIDE_OUTPUTS, onRecord: nothing, onBroadcast: countBroadcast }

function countBroadcast(
  value: string,
  context: ProcessContext<typeof SIDE_OUTPUTS> & {
    readonly broadcast: { readonly seen: { get(key: string): number | undefined; put(key: string, n: number): void } }
  },
): string[] {
  const seen = (context.broadcast.seen.get(value) ?? 0) + 1
  context.broadcast.seen.put(value, seen)
  context.sideOutputs.side.emit(`${value} ${seen}`)
  return [`${value} ${seen} ${times(context)}`]
}

const PLAIN_KINDS: readonly (readonly [kind: string, create: () => Operator<string>, input: number])[] = [
  [
    'process',
    () =>
      processOperator({
        sideOutputs: SIDE_OUTPUTS,
        operatorState: { seen: listOperatorState<string>() },
        process(value: string, context) {
          context.operatorState.seen.add(value)
          const seen = context.operatorState.seen.values().length
          context.sideOutputs.side.emit(`${value} ${seen}`)
          return [`${value} ${seen} ${times(context)}`]
        },
      }),
    0,
  ],
  ['an element of a broadcast stream', () => connectedProcessOperator(BROADCAST, onElement), BROADCAST_INPUT],
  [
    'an element of a broadcast stream beside keyed records',
    () => keyedConnectedProcessOperator(BROADCAST, onElement),
    BROADCAST_INPUT,
  ],
]

describe('a process function with a key has timers in both times, state, side outputs, key, watermark and clock', () => {
  it.each(KEYED_KINDS)('%s', async (_kind, create, input) => {
    const harness = operatorHarness<string, string>({
      create: create as () => Operator,
      keyOf: (key) => key,
      sideOutputs: ['side'],
      startAt: 1000,
    })
    await harness.verify({
      input: [
        record('a', 10, input),
        watermark(15),
        record('a', 16, input),
        record('b', 17, input),
        watermark(40),
        processingTime(1100),
        endOfInput(),
      ],
      expect: [
        emitted(`a 1 at 10, watermark ${MIN_WATERMARK}, clock 1000`, 10),
        emitted('a 2 at 16, watermark 15, clock 1000', 16),
        emitted('b 1 at 17, watermark 15, clock 1000', 17),
        emitted('a 2 event timer, watermark 40, clock 1000', 20),
        emitted('b 1 event timer, watermark 40, clock 1000', 20),
        emitted('a 2 processing timer, watermark 40, clock 1100', NO_TIMESTAMP),
        emitted('b 1 processing timer, watermark 40, clock 1100', NO_TIMESTAMP),
      ],
      sideOutputs: {
        side: [
          emitted('a 1', 10),
          emitted('a 2', 16),
          emitted('b 1', 17),
          emitted('a event', 20),
          emitted('b event', 20),
          emitted('a processing', NO_TIMESTAMP),
          emitted('b processing', NO_TIMESTAMP),
        ],
      },
    })
  })
})

describe('a process function without a key has state, side outputs, watermark and clock', () => {
  it.each(PLAIN_KINDS)('%s', async (_kind, create, input) => {
    const harness = operatorHarness<string, string>({
      create: create as () => Operator,
      keyOf: (key) => key,
      ...(input === BROADCAST_INPUT ? { broadcastInput: input } : {}),
      sideOutputs: ['side'],
      startAt: 1000,
      modes: ONE_SUBTASK,
    })
    await harness.verify({
      input: [record('a', 10, input), processingTime(1100), watermark(15), record('a', 16, input), endOfInput()],
      expect: [
        emitted(`a 1 at 10, watermark ${MIN_WATERMARK}, clock 1000`, 10),
        emitted('a 2 at 16, watermark 15, clock 1100', 16),
      ],
      sideOutputs: { side: [emitted('a 1', 10), emitted('a 2', 16)] },
    })
  })

  it('a record beside a broadcast stream', async () => {
    const create = () =>
      connectedProcessOperator(BROADCAST, {
        sideOutputs: SIDE_OUTPUTS,
        onRecord(value: string, context) {
          context.sideOutputs.side.emit(value)
          return [`${value} of ${context.broadcast.seen.get('a')} ${times(context)}`]
        },
        onBroadcast: (value: string, context) => context.broadcast.seen.put(value, 7),
      })
    const harness = operatorHarness<string, string>({
      create: create as () => Operator,
      broadcastInput: BROADCAST_INPUT,
      sideOutputs: ['side'],
      startAt: 1000,
      modes: ONE_SUBTASK,
    })
    await harness.verify({
      input: [record('a', 9, BROADCAST_INPUT), watermark(15), processingTime(1100), record('b', 16)],
      expect: [emitted('b of 7 at 16, watermark 15, clock 1100', 16)],
      sideOutputs: { side: [emitted('b', 16)] },
    })
  })
})
