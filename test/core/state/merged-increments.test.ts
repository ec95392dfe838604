import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../core/random.js'
import { framesOf, readFrame } from '../../../core/state/frames.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import { KeyedTimers } from '../../../core/time/timers.js'

/** Enough for merges of merges: a merge holds at most a quarter of its group. */
const KEYS = 600
const MAPS = 60
const CHECKPOINTS = 170

/** One key group, of which little changes between two checkpoints. */
class OneGroup {
  readonly state = new KeyedState({ operatorId: 'step', range: { first: 0, end: 1 } })
  readonly timers = new KeyedTimers(this.state.range)
  readonly model = new Map<string, string>()
  private readonly value = this.state.value<{ n: number }>({ kind: 'value', name: 'v' })
  private readonly map = this.state.map<number, number>({ kind: 'map', name: 'm' })
  private n = 0

  constructor() {
    this.state.register(this.timers)
  }

  change(next: () => number): void {
    const key = Math.floor(next() * KEYS)
    const n = ++this.n
    this.state.setCurrentKey(key, 0)
    const choice = next()
    if (choice < 0.3) {
      this.value.mutate(() => ({ n }))
      this.model.set(`v/${key}`, `${n}`)
    } else if (choice < 0.4) {
      this.value.clear()
      this.model.delete(`v/${key}`)
    } else if (choice < 0.6) this.changeMap(key % MAPS, next, n)
    else if (choice < 0.8) {
      this.timers.event.register({ timestamp: key % 7, key, group: 0, namespace: '' })
      this.model.set(`t/${key}`, '')
    } else {
      this.timers.event.delete({ timestamp: key % 7, key, group: 0, namespace: '' })
      this.model.delete(`t/${key}`)
    }
  }

  private changeMap(key: number, next: () => number, n: number): void {
    this.state.setCurrentKey(key, 0)
    const entry = Math.floor(next() * 10)
    const choice = next()
    if (choice < 0.6) {
      this.map.put(entry, n)
      this.model.set(`m/${key}/${entry}`, `${n}`)
    } else if (choice < 0.8) {
      this.map.remove(entry)
      this.model.delete(`m/${key}/${entry}`)
    } else {
      this.map.clear()
      for (let index = 0; index < 10; index++) this.model.delete(`m/${key}/${index}`)
    }
  }

  dump(): ReadonlyMap<string, string> {
    const found = new Map<string, string>()
    for (let key = 0; key < KEYS; key++) {
      this.state.setCurrentKey(key, 0)
      const value = this.value.value()
      if (value !== undefined) found.set(`v/${key}`, `${value.n}`)
      for (const [entry, n] of this.map.entries()) found.set(`m/${key}/${entry}`, `${n}`)
    }
    for (const { key } of this.timers.entriesOf(0)) found.set(`t/${key}`, '')
    return found
  }
}

const fail = (found: string): Error => new Error(found)

describe('increments that were merged, and merged again', () => {
  it('restore state as of each checkpoint', () => {
    /** How far back increments reached: 64 checkpoints are merges of merges. */
    let farthest = 0
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, isQuiet) => {
        const random = seededRandom(seed)
        const next = () => random.next()
        const live = new OneGroup()
        for (let index = 0; index < 5 * KEYS; index++) live.change(next)
        const stored = new Map<number, readonly Uint8Array[]>()
        for (let id = 1; id <= CHECKPOINTS; id++) {
          const snapshot = live.state.snapshot({ checkpointId: id, isSavepoint: false })
          const model = new Map(live.model)
          // Some changes come while it is written.
          for (let count = Math.floor(next() * 3); count > 0; count--) live.change(next)
          snapshot.work(() => false)
          snapshot.end()
          for (let count = isQuiet ? 0 : Math.floor(next() * 3); count > 0; count--) live.change(next)
          if (next() < 0.1) {
            live.state.checkpointAborted(id)
            continue
          }
          live.state.checkpointCompleted(id)
          stored.set(id, snapshot.takeObjects())
          for (const known of stored.keys()) if (!snapshot.needed.has(known)) stored.delete(known)
          for (const base of basesOf(stored.get(id) ?? [])) if (base > 0) farthest = Math.max(farthest, id - base)
          if (id % 6 === 0) expect(restored(stored).dump()).toEqual(model)
        }
      }),
      { numRuns: 15, interruptAfterTimeLimit: 8_000 },
    )
    expect(farthest).toBeGreaterThan(64)
  })
})

function restored(stored: ReadonlyMap<number, readonly Uint8Array[]>): OneGroup {
  const group = new OneGroup()
  const restore = group.state.restore()
  for (const [id, objects] of stored) {
    for (const object of objects) {
      restore.add(object, id)
      restore.work(() => false)
    }
  }
  restore.finish()
  return group
}

function basesOf(objects: readonly Uint8Array[]): readonly number[] {
  return objects.flatMap((object) => [...framesOf(object, fail)].map((raw) => readFrame(raw, fail).base))
}
