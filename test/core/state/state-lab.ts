import { subtaskOfGroup } from '../../../core/state/key-groups.js'
import type { KeyedSnapshot } from '../../../core/state/keyed-snapshot.js'
import type { LeafStore } from '../../../core/state/leaf-table.js'
import { type Cell, GROUPS, KEYS, LabState, textOf } from './lab-state.js'

/*
 * One of each kind of state, timers and windows on some subtasks, beside a plain model of what they hold: a text for each
 * entry. Keys are whole numbers; a key's group is its remainder.
 */

export const PANES = 4
const MAP_KEYS = 5
const TIMES = 6

export type Model = ReadonlyMap<string, string>

interface Writing {
  readonly id: number
  readonly isSavepoint: boolean
  /** As of the barrier. */
  readonly model: Model
  readonly parts: readonly { readonly snapshot: KeyedSnapshot; readonly objects: Uint8Array[] }[]
}

/** What a completed snapshot needs, and what it must give. */
export interface Taken {
  readonly id: number
  readonly isSavepoint: boolean
  readonly model: Model
  /** By subtask, the objects in the order of their checkpoints. */
  readonly objects: readonly (readonly { readonly id: number; readonly bytes: Uint8Array }[])[]
}

export class StateLab {
  model = new Map<string, string>()
  readonly taken: Taken[] = []
  /** Bytes that each checkpoint has written, in their order. */
  readonly written: number[] = []
  writing: Writing | undefined
  private readonly leaves: (() => LeafStore) | undefined
  private subtasks: LabState[] = []
  /** By subtask, by checkpoint; only what the newest one needs is kept. */
  private stored: Map<number, Uint8Array[]>[] = []
  private nextId = 1
  private nextNumber = 1

  /** @param leaves where each subtask's state is; default: on the heap */
  constructor(parallelism: number, leaves?: () => LeafStore) {
    this.leaves = leaves
    this.deploy(parallelism)
  }

  /** Of each key in turn, wrapping around. */
  forKeys(from: number, count: number, run: (key: number, state: LabState) => void): void {
    for (let index = 0; index < count; index++) {
      const key = (from + index) % KEYS
      const group = key % GROUPS
      const state = this.subtasks[subtaskOfGroup(group, this.subtasks.length, GROUPS)] as LabState
      state.keyed.setCurrentKey(key, group)
      run(key, state)
    }
  }

  updateValues(from: number, count: number): void {
    this.forKeys(from, count, (key, { value }) => {
      const cell: Cell = { n: this.number(), path: [] }
      value.update(cell)
      this.model.set(`value/${key}`, textOf(cell))
    })
  }

  mutateValues(from: number, count: number): void {
    this.forKeys(from, count, (key, { value }) => {
      const step = this.number()
      value.mutate((cell = { n: 0, path: [] }) => {
        cell.n = step
        cell.path.push(step)
        return cell
      })
      this.model.set(`value/${key}`, textOf(value.value() as Cell))
    })
  }

  clearValues(from: number, count: number): void {
    this.forKeys(from, count, (key, { value }) => {
      value.clear()
      this.model.delete(`value/${key}`)
    })
  }

  addToLists(from: number, count: number): void {
    this.forKeys(from, count, (key, { list }) => {
      const added = this.number()
      list.add(added)
      const before = this.model.get(`list/${key}`)
      this.model.set(`list/${key}`, before === undefined ? `${added}` : `${before},${added}`)
    })
  }

  clearLists(from: number, count: number): void {
    this.forKeys(from, count, (key, { list }) => {
      list.clear()
      this.model.delete(`list/${key}`)
    })
  }

  putIntoMaps(from: number, count: number, mapKeys: number): void {
    this.forKeys(from, count, (key, { map }) => {
      for (let mapKey = 0; mapKey <= mapKeys % MAP_KEYS; mapKey++) {
        const n = this.number()
        map.put(mapKey, { n })
        this.model.set(`map/${key}/${mapKey}`, `${n}`)
      }
    })
  }

  removeFromMaps(from: number, count: number, mapKey: number): void {
    this.forKeys(from, count, (key, { map }) => {
      map.remove(mapKey % MAP_KEYS)
      this.model.delete(`map/${key}/${mapKey % MAP_KEYS}`)
    })
  }

  clearMaps(from: number, count: number): void {
    this.forKeys(from, count, (key, { map }) => {
      map.clear()
      for (let mapKey = 0; mapKey < MAP_KEYS; mapKey++) this.model.delete(`map/${key}/${mapKey}`)
    })
  }

  addToSums(from: number, count: number): void {
    this.forKeys(from, count, (key, { sum, values }) => {
      const added = this.number()
      sum.add(BigInt(added))
      values.add(added)
      this.model.set(`sum/${key}`, `${BigInt(this.model.get(`sum/${key}`) ?? 0) + BigInt(added)}`)
      const before = Number(this.model.get(`values/${key}`) ?? 0)
      this.model.set(`values/${key}`, `${before * 31 + added}`)
    })
  }

  clearSums(from: number, count: number): void {
    this.forKeys(from, count, (key, { sum, values }) => {
      sum.clear()
      values.clear()
      this.model.delete(`sum/${key}`)
      this.model.delete(`values/${key}`)
    })
  }

  registerTimers(from: number, count: number, time: number): void {
    this.forKeys(from, count, (key, { timers }) => {
      const timestamp = time % TIMES
      const timer = { key, group: key % GROUPS, timestamp, namespace: time % 2 === 0 ? 'w' : time % TIMES }
      for (const queue of [timers.event, timers.processing]) queue.register(timer)
      this.model.set(`event/${key}/${timestamp}/${timer.namespace}`, '')
      this.model.set(`processing/${key}/${timestamp}/${timer.namespace}`, '')
    })
  }

  deleteTimers(from: number, count: number, time: number): void {
    this.forKeys(from, count, (key, { timers }) => {
      const timestamp = time % TIMES
      const timer = { key, group: key % GROUPS, timestamp, namespace: time % 2 === 0 ? 'w' : time % TIMES }
      timers.processing.delete(timer)
      this.model.delete(`processing/${key}/${timestamp}/${timer.namespace}`)
    })
  }

  fireTimers(time: number, limit: number): void {
    for (const { timers } of this.subtasks) {
      for (let fired = 0; fired < limit; fired++) {
        const timer = timers.event.takeDue(time % TIMES)
        if (timer === undefined) break
        this.model.delete(`event/${timer.key}/${timer.timestamp}/${timer.namespace}`)
      }
    }
  }

  addToPane(from: number, count: number, start: number): void {
    this.forKeys(from, count, (key, { panes, keyed }) => {
      const value = this.number()
      const space = panes.openSpace((key % GROUPS) - keyed.range.first, start % PANES)
      const leaf = space.leaves.get(key)
      if (leaf === undefined) panes.insert(space, key, value)
      else {
        panes.touch(leaf)
        leaf.value = value
      }
      this.model.set(`pane/${start % PANES}/${key}`, `${value}`)
    })
  }

  dropPane(start: number): void {
    for (const { panes, keyed } of this.subtasks) {
      for (let slot = 0; slot < keyed.range.end - keyed.range.first; slot++) {
        const space = panes.space(slot, start % PANES)
        if (space !== undefined) panes.drop(space)
      }
    }
    for (const name of this.model.keys()) if (name.startsWith(`pane/${start % PANES}/`)) this.model.delete(name)
  }

  /** Everything of a group, by the means of each kind. */
  emptyGroup(group: number): void {
    for (let key = group % GROUPS; key < KEYS; key += GROUPS) {
      this.clearValues(key, 1)
      this.clearLists(key, 1)
      this.clearMaps(key, 1)
      this.clearSums(key, 1)
    }
  }

  begin(kind: 'checkpoint' | 'savepoint'): void {
    const id = this.nextId++
    const isSavepoint = kind === 'savepoint'
    const parts = this.subtasks.map(({ keyed }) => {
      return { snapshot: keyed.snapshot({ checkpointId: id, isSavepoint }), objects: [] }
    })
    this.writing = { id, isSavepoint, model: new Map(this.model), parts }
  }

  /** Writes until the clock was looked at so often; true: everything is written. */
  work(looks: number): boolean {
    let isDone = true
    for (const { snapshot, objects } of this.writing?.parts ?? []) {
      let left = looks
      if (!snapshot.work(() => --left < 0)) isDone = false
      objects.push(...snapshot.takeObjects())
    }
    return isDone
  }

  complete(): Taken | undefined {
    const { writing } = this
    if (writing === undefined) return undefined
    this.work(Number.POSITIVE_INFINITY)
    this.writing = undefined
    const { id, isSavepoint, model, parts } = writing
    const objects = parts.map(({ snapshot, objects: own }, subtask) => {
      snapshot.end()
      if (isSavepoint) return own.map((bytes) => ({ id, bytes }))
      this.subtasks[subtask]?.keyed.checkpointCompleted(id)
      const stored = this.stored[subtask] as Map<number, Uint8Array[]>
      stored.set(id, own)
      for (const needed of snapshot.needed) {
        if (!stored.has(needed)) throw new Error(`checkpoint ${id} needs ${needed}, which an earlier one did without`)
      }
      for (const known of stored.keys()) if (!snapshot.needed.has(known)) stored.delete(known)
      return [...stored].flatMap(([known, kept]) => kept.map((bytes) => ({ id: known, bytes })))
    })
    const bytes = parts.flatMap((part) => part.objects).reduce((sum, object) => sum + object.length, 0)
    if (!isSavepoint) this.written.push(bytes)
    const taken = { id, isSavepoint, model, objects }
    this.taken.push(taken)
    return taken
  }

  abort(): void {
    const { writing } = this
    this.writing = undefined
    writing?.parts.forEach(({ snapshot }, subtask) => {
      snapshot.end()
      this.subtasks[subtask]?.keyed.checkpointAborted(writing.id)
    })
  }

  /** Goes on from what was taken, on that many subtasks. */
  recover(taken: Taken, parallelism: number): void {
    this.writing = undefined
    this.deploy(parallelism)
    for (const { keyed } of this.subtasks) {
      const restore = keyed.restore()
      for (const { id, bytes } of taken.objects.flat()) {
        restore.add(bytes, id)
        while (!restore.work(() => true)) keyed.trim()
      }
      restore.finish()
    }
    this.model = new Map(taken.model)
  }

  /** Between batches. */
  trim(): void {
    for (const { keyed } of this.subtasks) keyed.trim()
  }

  close(): void {
    for (const { keyed } of this.subtasks) keyed.close()
  }

  dump(): Model {
    const found = new Map<string, string>()
    for (const subtask of this.subtasks) subtask.dump(found)
    return found
  }

  /** Entries, as the subtasks count them. */
  get size(): number {
    return this.subtasks.reduce((sum, { keyed }) => sum + [...keyed.sizes.values()].reduce((a, b) => a + b, 0), 0)
  }

  get neededCheckpoints(): number {
    return new Set(this.stored.flatMap((stored) => [...stored.keys()])).size
  }

  private deploy(parallelism: number): void {
    this.close()
    this.subtasks = Array.from({ length: parallelism }, (_, subtask) => {
      return new LabState(subtask, parallelism, this.leaves?.())
    })
    this.stored = this.subtasks.map(() => new Map())
  }

  private number(): number {
    return this.nextNumber++
  }
}

/** What differs, in words: a test that fails says more than that two maps are not equal. */
export function difference(expected: Model, found: Model): readonly string[] {
  const differences: string[] = []
  for (const [name, text] of expected) {
    if (found.get(name) !== text) differences.push(`${name}: expected '${text}', found ${found.get(name) ?? 'nothing'}`)
  }
  for (const name of found.keys()) if (!expected.has(name)) differences.push(`${name}: expected nothing`)
  return differences.slice(0, 10)
}
