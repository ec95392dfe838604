import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../core/random.js'
import { KeyedState } from '../../../core/state/keyed-state.js'

const GROUPS = 32
const KEYS = 4_000

class Chains {
  readonly state = new KeyedState({ operatorId: 'step', range: { first: 0, end: GROUPS } })
  readonly value = this.state.value<string>({ kind: 'value', name: 'v' })
  /** By checkpoint. */
  readonly stored = new Map<number, number>()
  private readonly objects = new Map<number, readonly Uint8Array[]>()
  private nextId = 1

  update(key: number): void {
    this.state.setCurrentKey(key, key % GROUPS)
    this.value.update(`${key}`.padStart(40, 'x'))
  }

  clear(key: number): void {
    this.state.setCurrentKey(key, key % GROUPS)
    this.value.clear()
  }

  /** Bytes that it wrote. */
  checkpoint(outcome: 'completed' | 'aborted' = 'completed'): number {
    const id = this.nextId++
    const snapshot = this.state.snapshot({ checkpointId: id, isSavepoint: false })
    snapshot.work(() => false)
    const objects = snapshot.takeObjects()
    const bytes = objects.reduce((sum, object) => sum + object.length, 0)
    if (outcome === 'aborted') this.state.checkpointAborted(id)
    else {
      this.state.checkpointCompleted(id)
      this.stored.set(id, bytes)
      this.objects.set(id, objects)
      for (const known of this.stored.keys()) {
        if (snapshot.needed.has(known)) continue
        this.stored.delete(known)
        this.objects.delete(known)
      }
    }
    return bytes
  }

  get storedBytes(): number {
    return [...this.stored.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Entries, by size, after a restore of the newest checkpoint. */
  restoredSize(): number {
    const state = new KeyedState({ operatorId: 'step', range: { first: 0, end: GROUPS } })
    state.value<string>({ kind: 'value', name: 'v' })
    const restore = state.restore()
    for (const [id, objects] of this.objects) {
      for (const object of objects) {
        restore.add(object, id)
        restore.work(() => false)
      }
    }
    restore.finish()
    return state.sizes.get('state:v') ?? 0
  }
}

describe('checkpoints one after the other', () => {
  it.each([1, 8, 40, 200, 1_000])(
    'write and keep a small multiple when %i keys change between two of them',
    (changes) => {
      const random = seededRandom(changes)
      const chains = new Chains()
      for (let key = 0; key < KEYS; key++) chains.update(key)
      const whole = chains.checkpoint()
      const entry = whole / KEYS
      let written = 0
      const checkpoints = 300
      for (let round = 0; round < checkpoints; round++) {
        for (let change = 0; change < changes; change++) chains.update(Math.floor(random.next() * KEYS))
        written += chains.checkpoint()
        expect(chains.stored.size).toBeLessThanOrEqual(200)
        expect(chains.storedBytes).toBeLessThanOrEqual(6.5 * whole)
      }
      // Each group's frame has a head of about 40 bytes.
      const heads = checkpoints * Math.min(changes, GROUPS) * 64
      expect(written - heads).toBeLessThanOrEqual(4 * entry * changes * checkpoints)
      expect(chains.restoredSize()).toBe(KEYS)
    },
  )

  it('keep a few times the state though most of what changes is in one group', () => {
    const random = seededRandom(1)
    const chains = new Chains()
    for (let key = 0; key < KEYS; key++) chains.update(key)
    const whole = chains.checkpoint()
    const changes = 200
    let written = 0
    for (let round = 0; round < 600; round++) {
      for (let change = 0; change < changes; change++) {
        const key = Math.floor(random.next() * KEYS)
        chains.update(random.next() < 0.05 ? key : key - (key % GROUPS))
      }
      written += chains.checkpoint()
      expect(chains.storedBytes).toBeLessThanOrEqual(7 * whole)
      expect(chains.stored.size).toBeLessThanOrEqual(200)
    }
    expect(written).toBeLessThanOrEqual(3 * 600 * changes * (whole / KEYS))
    expect(chains.restoredSize()).toBe(KEYS)
  })

  it('write nothing when nothing has changed', () => {
    const chains = new Chains()
    chains.update(1)
    chains.checkpoint()
    expect([chains.checkpoint(), chains.checkpoint()]).toEqual([0, 0])
    expect(chains.restoredSize()).toBe(1)
  })

  it('write what changed once, however many of them were aborted before', () => {
    const chains = new Chains()
    for (let key = 0; key < KEYS; key++) chains.update(key)
    chains.checkpoint()
    const changed = KEYS / 10
    for (let key = 0; key < changed; key++) chains.update(key)
    const once = chains.checkpoint()
    for (let round = 0; round < 20; round++) {
      for (let key = 0; key < changed; key++) chains.update(key)
      expect(chains.checkpoint('aborted')).toBeLessThanOrEqual(once)
    }
    expect(chains.checkpoint()).toBeLessThanOrEqual(once)
    expect(chains.restoredSize()).toBe(KEYS)
  })

  it('do not need old objects for groups that have become empty', () => {
    const chains = new Chains()
    for (let key = 0; key < 5; key++) chains.update(key)
    chains.checkpoint()
    for (let key = 0; key < 5; key++) chains.clear(key)
    for (let round = 0; round < 40; round++) {
      chains.update(7)
      chains.checkpoint()
    }
    const oldest = Math.min(...chains.stored.keys())
    expect(oldest).toBeGreaterThan(41 - 35)
    expect(chains.restoredSize()).toBe(1)
  })

  it('hold an entry that came back after it was deleted, in the same interval or a later one', () => {
    const chains = new Chains()
    for (let key = 0; key < 800; key++) chains.update(key)
    chains.checkpoint()
    for (let round = 0; round < 40; round++) {
      chains.clear(round)
      if (round % 2 === 0) chains.checkpoint(round % 4 === 0 ? 'completed' : 'aborted')
      chains.update(round)
      chains.checkpoint()
    }
    expect(chains.restoredSize()).toBe(800)
  })
})
