import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SequenceDecoder, SequenceEncoder } from '../../../core/codec/index.js'
import { ChangeLog } from '../../../core/state/change-log.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import type { Timer } from '../../../core/time/timer-heap.js'
import { TimerQueue } from '../../../core/time/timer-queue.js'
import { KeyedTimers } from '../../../core/time/timers.js'

const timer = (timestamp: number, key: Timer['key'] = 'a', namespace: Timer['namespace'] = '', group = 0): Timer => ({
  timestamp,
  key,
  group,
  namespace,
})

const RANGE = { first: 0, end: 128 }

const newQueue = (): TimerQueue =>
  new TimerQueue({ domain: 'event', firstGroup: 0, changes: new ChangeLog(RANGE.end, () => true) })

/** Whether it is new. */
const register = (queue: TimerQueue, one: Timer): boolean => queue.register(one) !== undefined

function drain(queue: TimerQueue, time: number): Timer[] {
  const taken: Timer[] = []
  for (let next = queue.takeDue(time); next !== undefined; next = queue.takeDue(time)) taken.push(next)
  return taken
}

const timestamps = (timers: readonly Timer[]): number[] => timers.map(({ timestamp }) => timestamp)

describe('timers', () => {
  it('are deduplicated by (timestamp, key, namespace)', () => {
    const queue = newQueue()
    expect(register(queue, timer(5))).toBe(true)
    expect(register(queue, timer(5))).toBe(false)
    expect(register(queue, timer(6))).toBe(true)
    expect(register(queue, timer(6))).toBe(false)
    expect(register(queue, timer(5, 'b'))).toBe(true)
    expect(register(queue, timer(5, 'a', 'window'))).toBe(true)
    expect(register(queue, timer(5, 'a', 1))).toBe(true)
    expect(register(queue, timer(5, 'a', '1'))).toBe(true)
    expect(queue.size).toBe(6)
    expect(drain(queue, 5)).toHaveLength(5)
  })

  it('of keys 1, 1n, true and "1" are different ones', () => {
    const queue = newQueue()
    for (const key of [1, 1n, true, '1']) expect(register(queue, timer(5, key))).toBe(true)
  })

  it('fire in time order when ts <= watermark', () => {
    const queue = newQueue()
    for (const at of [30, 10, 20, 40]) queue.register(timer(at))
    expect(queue.nextTimestamp).toBe(10)
    expect(timestamps(drain(queue, 9))).toEqual([])
    expect(timestamps(drain(queue, 30))).toEqual([10, 20, 30])
    expect(queue.nextTimestamp).toBe(40)
    expect(timestamps(drain(queue, Number.POSITIVE_INFINITY))).toEqual([40])
    expect(queue.nextTimestamp).toBeUndefined()
  })

  it('with one timestamp fire in the order of their registration', () => {
    const queue = newQueue()
    for (const key of ['c', 'a', 'b']) queue.register(timer(1, key))
    expect(drain(queue, 1).map(({ key }) => key)).toEqual(['c', 'a', 'b'])
  })

  it('stop firing after any timer and go on later', () => {
    const queue = newQueue()
    for (const at of [1, 2, 3]) queue.register(timer(at))
    expect(queue.takeDue(3)?.timestamp).toBe(1)
    queue.register(timer(0, 'late'))
    expect(timestamps(drain(queue, 3))).toEqual([0, 2, 3])
  })

  it('registered while firing take part when they are due', () => {
    const queue = newQueue()
    queue.register(timer(1))
    const fired: number[] = []
    for (let next = queue.takeDue(5); next !== undefined; next = queue.takeDue(5)) {
      fired.push(next.timestamp)
      queue.register(timer(next.timestamp + 2))
    }
    expect(fired).toEqual([1, 3, 5])
    expect(queue.nextTimestamp).toBe(7)
  })

  it('can be registered again after they fired', () => {
    const queue = newQueue()
    queue.register(timer(1))
    drain(queue, 1)
    expect(register(queue, timer(1))).toBe(true)
  })

  it('that are deleted do not fire', () => {
    const queue = newQueue()
    for (const at of [1, 2, 3]) queue.register(timer(at))
    expect(queue.delete(timer(2))).toBe(true)
    expect(queue.delete(timer(2))).toBe(false)
    expect(queue.delete(timer(1, 'other'))).toBe(false)
    expect(timestamps(drain(queue, 9))).toEqual([1, 3])
    expect([...queue.timersOf(0)]).toEqual([])
  })

  it.each([Number.NaN, undefined, '5', 5n])('at %s are refused: TIMESTAMP_INVALID', (at) => {
    // The types forbid most of these; a job in JavaScript does not.
    expect(() => newQueue().register(timer(at as number))).toThrow(
      expect.objectContaining({ code: 'TIMESTAMP_INVALID' }),
    )
  })

  it('behave like a sorted set, whatever is registered, deleted and taken', () => {
    const at = fc.integer({ min: 0, max: 12 })
    const key = fc.constantFrom<Timer['key']>('a', 1, 1n)
    const namespace = fc.constantFrom<Timer['namespace']>('', 1, '1')
    const command = fc.oneof(
      fc.record({ kind: fc.constant('register' as const), at, key, namespace }),
      fc.record({ kind: fc.constant('delete' as const), at, key, namespace }),
      fc.record({ kind: fc.constant('take' as const), at }),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const queue = newQueue()
        const model: Timer[] = []
        const indexOf = (wanted: Timer) =>
          model.findIndex(
            (one) => one.timestamp === wanted.timestamp && one.key === wanted.key && one.namespace === wanted.namespace,
          )
        for (const step of commands) {
          if (step.kind === 'take') {
            const expected = model
              .filter(({ timestamp }) => timestamp <= step.at)
              .reduce<Timer | undefined>((a, b) => (a && a.timestamp <= b.timestamp ? a : b), undefined)
            const taken = queue.takeDue(step.at)
            expect(taken).toEqual(expected && expect.objectContaining(expected))
            if (expected) model.splice(indexOf(expected), 1)
            continue
          }
          const wanted = timer(step.at, step.key, step.namespace)
          const known = indexOf(wanted)
          if (step.kind === 'register') {
            expect(register(queue, wanted)).toBe(known < 0)
            if (known < 0) model.push(wanted)
          } else {
            expect(queue.delete(wanted)).toBe(known >= 0)
            if (known >= 0) model.splice(known, 1)
          }
          expect(queue.size).toBe(model.length)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('by the hundred thousand, spread over keys or all of one key, are registered, half deleted, and fired in order', () => {
    for (const keys of [75_000, 1]) {
      const queue = newQueue()
      const count = 300_000
      // 7,919 is prime to the count: every timestamp once, in a scattered order.
      for (let index = 0; index < count; index++) {
        const at = (index * 7_919) % count
        queue.register({ timestamp: at, key: at % keys, group: at % 128, namespace: '' })
      }
      expect(queue.size).toBe(count)
      for (let at = 0; at < count; at += 2)
        queue.delete({ timestamp: at, key: at % keys, group: at % 128, namespace: '' })
      let expected = 1
      for (let next = queue.takeDue(count); next !== undefined; next = queue.takeDue(count)) {
        if (next.timestamp !== expected) throw new Error(`expected ${expected}, fired ${next.timestamp}`)
        expected += 2
      }
      expect(expected).toBe(count + 1)
      expect(queue.size).toBe(0)
    }
  })
})

describe('timers kept with keyed state', () => {
  const open = (range = RANGE) => {
    const state = new KeyedState({ operatorId: 'step', range })
    const timers = new KeyedTimers(range)
    state.register(timers)
    return { state, timers }
  }

  const load = (state: KeyedState, objects: readonly Uint8Array[]): void => {
    const restore = state.restore()
    for (const object of objects) {
      restore.add(object, 1)
      restore.work(() => false)
    }
    restore.finish()
  }

  const save = (state: KeyedState): readonly Uint8Array[] => {
    const snapshot = state.snapshot({ checkpointId: 1, isSavepoint: true })
    snapshot.work(() => false)
    snapshot.end()
    return snapshot.takeObjects()
  }

  it('are stored and restored by key group, both domains', () => {
    const before = open()
    before.timers.event.register(timer(3, 'a', '', 7))
    before.timers.event.register(timer(1, 'a', 'x', 7))
    before.timers.event.register(timer(2, 'b', 9, 8))
    before.timers.processing.register(timer(5, '\0ts1:a', '', 8))
    before.timers.processing.register(timer(5, 'other', '', 9))
    const { state, timers } = open({ first: 7, end: 9 })
    load(state, save(before.state))
    expect(timers.event.size).toBe(3)
    expect(state.sizes.get('timers')).toBe(4)
    expect(drain(timers.event, 9)).toMatchObject([timer(1, 'a', 'x', 7), timer(2, 'b', 9, 8), timer(3, 'a', '', 7)])
    expect(drain(timers.processing, 9)).toMatchObject([timer(5, '\0ts1:a', '', 8)])
    expect(state.sizes.get('timers')).toBe(0)
  })

  it('at the end of the input, Infinity, are restored', () => {
    const before = open()
    before.timers.event.register(timer(Number.POSITIVE_INFINITY))
    const { state, timers } = open()
    load(state, save(before.state))
    expect(timestamps(drain(timers.event, Number.POSITIVE_INFINITY))).toEqual([Number.POSITIVE_INFINITY])
  })

  it('that have fired or were deleted take no room in a snapshot', () => {
    const { state, timers } = open()
    timers.event.register(timer(3))
    timers.event.register(timer(4))
    timers.event.takeDue(3)
    timers.event.delete(timer(4))
    expect(save(state)).toEqual([])
  })

  it.each([
    { layout: 'by-window', version: 1 },
    { layout: 'by-key', version: 2 },
  ])('of an unknown form ($layout, version $version) are refused, naming both', (stored) => {
    const found = `${stored.layout}, version ${stored.version}`
    expect(() => new KeyedTimers(RANGE).accept(stored)).toThrow(
      expect.objectContaining({ code: 'STATE_LAYOUT_UNKNOWN', message: expect.stringContaining(found) }),
    )
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 5],
    ['nothing', []],
    ['of an unknown domain', [2, 1, 'a', '']],
    ['at a timestamp that is text', [0, '1', 'a', '']],
    ['at a timestamp that is no number', [0, Number.NaN, 'a', '']],
    ['of a key that is an object', [0, 1, {}, '']],
    ['of a namespace that is null', [0, 1, 'a', null]],
  ])('that are %s instead are refused: CHECKPOINT_CORRUPT', (_name, stored) => {
    const corrupt = expect.objectContaining({ code: 'CHECKPOINT_CORRUPT' })
    expect(() => new KeyedTimers(RANGE).restore(0, stored)).toThrow(corrupt)
    expect(() => new KeyedTimers(RANGE).restoreDeletion(0, stored)).toThrow(corrupt)
  })

  it('are written as their key, without a value', () => {
    const timers = new KeyedTimers(RANGE)
    timers.processing.register(timer(5, 'a', 'x', 7))
    const [waiting] = timers.entriesOf(7)
    const encoder = new SequenceEncoder()
    timers.writeKey(waiting as NonNullable<typeof waiting>, encoder)
    timers.writeValue(waiting as NonNullable<typeof waiting>, encoder)
    const decoder = new SequenceDecoder(encoder.take())
    expect([decoder.value(), decoder.value(), decoder.hasMore]).toEqual([[1, 5, 'a', 'x'], null, false])
  })
})
