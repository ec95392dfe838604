import { describe, expect, it } from 'vitest'
import type { KeyedSnapshot } from '../../../core/state/keyed-snapshot.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import { KeyedTimers } from '../../../core/time/timers.js'

const RANGE = { first: 0, end: 1 }
const ENTRIES = 20_000
const FRAME_BYTES = 32 * 1024

function open() {
  const state = new KeyedState({ operatorId: 'step', range: RANGE })
  const value = state.value<unknown>({ kind: 'value', name: 'v' })
  const map = state.map<number, number>({ kind: 'map', name: 'm' })
  const timers = new KeyedTimers(RANGE)
  state.register(timers)
  return { state, value, map, timers }
}

type Opened = ReturnType<typeof open>

const LARGE: readonly [kind: string, fill: (opened: Opened, index: number) => void, clear: (opened: Opened) => void][] =
  [
    ['values', ({ value }, index) => value.update({ index }), ({ value }) => value.clear()],
    ['maps', ({ map }, index) => map.put(index, index), ({ map }) => map.clear()],
    [
      'timers',
      ({ timers }, key) => timers.event.register({ timestamp: key, key, group: 0, namespace: '' }),
      ({ timers, state }) =>
        timers.event.delete({
          timestamp: state.currentInternalKey as number,
          key: state.currentInternalKey,
          group: 0,
          namespace: '',
        }),
    ],
  ]

function forAll(opened: Opened, run: (opened: Opened, index: number) => void): void {
  for (let index = 0; index < ENTRIES; index++) {
    opened.state.setCurrentKey(index, 0)
    run(opened, index)
  }
}

/** With a clock by which every slice is over when it is looked at. */
function writeInSlices(snapshot: KeyedSnapshot): { slices: number; objects: readonly Uint8Array[] } {
  let slices = 1
  while (!snapshot.work(() => true)) slices++
  return { slices, objects: snapshot.takeObjects() }
}

describe.each(LARGE)('one key group of many %s', (_kind, fill, clear) => {
  it('is written in slices of about 64 entries, whole, as an increment and as deletions', () => {
    const opened = open()
    forAll(opened, fill)
    const { state } = opened
    const whole = state.snapshot({ checkpointId: 1, isSavepoint: false })
    expect(writeInSlices(whole).slices).toBeGreaterThan(ENTRIES / 64 - 1)
    state.checkpointCompleted(1)
    for (let index = 0; index < ENTRIES / 4; index++) {
      state.setCurrentKey(index, 0)
      clear(opened)
    }
    const deletions = state.snapshot({ checkpointId: 2, isSavepoint: false })
    // Once for what is gone, once for what is there.
    expect(writeInSlices(deletions).slices).toBeGreaterThan((2 * ENTRIES) / 4 / 64 - 2)
    state.checkpointCompleted(2)
  })

  it('is read in slices of a frame', () => {
    const before = open()
    forAll(before, fill)
    const { objects } = writeInSlices(before.state.snapshot({ checkpointId: 1, isSavepoint: true }))
    const bytes = objects.reduce((sum, object) => sum + object.length, 0)
    const { state } = open()
    const restore = state.restore()
    let slices = 0
    for (const object of objects) {
      restore.add(object, 1)
      do slices++
      while (!restore.work(() => true))
    }
    restore.finish()
    expect(slices).toBeGreaterThanOrEqual(bytes / (FRAME_BYTES + 1024))
    expect(bytes).toBeGreaterThan(4 * FRAME_BYTES)
    expect([...state.sizes.values()].reduce((sum, size) => sum + size, 0)).toBe(ENTRIES)
  })

  it.each([false, true])('may all go while a slice is awaited, and is written all the same (begun: %s)', (isBegun) => {
    const opened = open()
    forAll(opened, fill)
    const snapshot = opened.state.snapshot({ checkpointId: 1, isSavepoint: true })
    if (isBegun) snapshot.work(() => true)
    forAll(opened, clear)
    const { objects } = writeInSlices(snapshot)
    expect([...opened.state.sizes.values()]).toEqual([0, 0, 0])
    expect(sizeOf(load([objects]).state)).toBe(ENTRIES)
  })
})

function sizeOf(state: KeyedState): number {
  return [...state.sizes.values()].reduce((sum, size) => sum + size, 0)
}

/** Objects by checkpoint. */
function load(checkpoints: readonly (readonly Uint8Array[])[]): Opened {
  const opened = open()
  const restore = opened.state.restore()
  checkpoints.forEach((objects, index) => {
    for (const object of objects) {
      restore.add(object, index + 1)
      restore.work(() => false)
    }
  })
  restore.finish()
  return opened
}

describe('large values', () => {
  it('are written a few at a time: by their bytes, not by their number', () => {
    const { state, value } = open()
    const count = 200
    for (let key = 0; key < count; key++) {
      state.setCurrentKey(key, 0)
      value.update('x'.repeat(FRAME_BYTES / 2))
    }
    const { slices } = writeInSlices(state.snapshot({ checkpointId: 1, isSavepoint: true }))
    expect(slices).toBeGreaterThanOrEqual(count / 2)
  })
})

describe('an increment of many frames', () => {
  it('has what changed before its turn behind what was deleted', () => {
    const { state, value } = open()
    const write = (from: number, end: number, text: string) => {
      for (let key = from; key < end; key++) {
        state.setCurrentKey(key, 0)
        value.update(text.repeat(FRAME_BYTES / 8))
      }
    }
    const checkpoint = (id: number, meanwhile: () => void) => {
      const snapshot = state.snapshot({ checkpointId: id, isSavepoint: false })
      meanwhile()
      const { objects } = writeInSlices(snapshot)
      snapshot.end()
      state.checkpointCompleted(id)
      return objects
    }
    write(0, 400, 'a')
    const first = checkpoint(1, () => {})
    for (let key = 0; key < 100; key++) {
      state.setCurrentKey(key, 0)
      value.clear()
    }
    write(0, 50, 'b')
    write(100, 120, 'b')
    const second = checkpoint(2, () => write(0, 400, 'c'))
    const restored = load([first, second])
    expect(sizeOf(restored.state)).toBe(350)
    const letters = Array.from({ length: 400 }, (_, key) => {
      restored.state.setCurrentKey(key, 0)
      const text = restored.value.value()
      return typeof text === 'string' ? text[0] : '-'
    })
    expect(letters.join('')).toBe('b'.repeat(50) + '-'.repeat(50) + 'b'.repeat(20) + 'a'.repeat(280))
  })
})

describe('a barrier', () => {
  it('sets state aside without looking at its entries', () => {
    const opened = open()
    forAll(opened, LARGE[0]?.[1] as (typeof LARGE)[0][1])
    const leaves = opened.state.snapshot({ checkpointId: 1, isSavepoint: false })
    expect(leaves.takeObjects()).toEqual([])
    let looks = 0
    leaves.work(() => ++looks > 0)
    expect(looks).toBe(1)
    expect(leaves.takeObjects()).toEqual([])
  })
})
