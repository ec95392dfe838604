import { millis } from '../../../core/duration.js'
import type { AppendingState, ListState, MapState, ValueState } from '../../../core/state/backend.js'
import { keyGroupRange, subtaskOfGroup } from '../../../core/state/key-groups.js'
import type { LeafStore } from '../../../core/state/leaf-table.js'
import type { Ttl } from '../../../core/state/ttl.js'
import { InstanceState, type StateWriting } from '../../harness/instance-state.js'
import type { StateObject } from '../../harness/snapshot.js'
import { TTL_MS, TtlModel } from './ttl-model.js'

/*
 * States with a time to live on some subtasks, beside a model. Keys are whole numbers; a key's group is its remainder.
 */

export const KEYS = 150
export const MAP_KEYS = 3
const GROUPS = 5

export interface TtlLabOptions {
  readonly update: Required<Ttl>['update']
  readonly leaves: (() => LeafStore) | undefined
}

interface Subtask {
  readonly instance: InstanceState
  readonly value: ValueState<number>
  readonly sum: AppendingState<number, number>
  readonly list: ListState<number>
  readonly map: MapState<number, number>
}

interface Writing {
  readonly model: TtlModel
  readonly parts: readonly StateWriting[]
}

export class TtlLab {
  now = 1_000_000
  /** What was not as the model has it. */
  readonly differences: string[] = []
  private readonly options: TtlLabOptions
  private model: TtlModel
  private subtasks: Subtask[]
  private writing: Writing | undefined
  private taken: { readonly model: TtlModel; readonly objects: readonly StateObject[] }
  private nextNumber = 1

  constructor(options: TtlLabOptions) {
    this.options = options
    this.model = new TtlModel(options.update === 'onReadAndWrite')
    this.subtasks = this.deploy(1)
    this.taken = { model: this.model.copy(), objects: [] }
  }

  /** What is not in the cache is on disk after each batch. */
  get isOnDisk(): boolean {
    return this.options.leaves !== undefined
  }

  updateValue(key: number): void {
    const n = this.nextNumber++
    this.at(key).value.update(n)
    this.model.write(`value/${key}`, [n], this.now)
  }

  mutateValue(key: number): void {
    const before = this.model.seen(`value/${key}`, this.now)[0] ?? 0
    this.at(key).value.mutate((value) => (value ?? 0) + 1000)
    this.model.write(`value/${key}`, [before + 1000], this.now)
  }

  clearValue(key: number): void {
    this.at(key).value.clear()
    this.model.delete(`value/${key}`)
  }

  addToSum(key: number): void {
    const n = this.nextNumber++
    const before = this.model.seen(`sum/${key}`, this.now)[0] ?? 0
    this.at(key).sum.add(n)
    this.model.write(`sum/${key}`, [before + n], this.now)
  }

  addToList(key: number): void {
    const n = this.nextNumber++
    this.at(key).list.add(n)
    this.model.append(`list/${key}`, n, this.now)
  }

  updateList(key: number): void {
    const values = [this.nextNumber++, this.nextNumber++]
    this.at(key).list.update(values)
    this.model.write(`list/${key}`, values, this.now)
  }

  putIntoMap(key: number, mapKey: number): void {
    const n = this.nextNumber++
    this.at(key).map.put(mapKey, n)
    this.model.write(`map/${key}/${mapKey}`, [n], this.now)
  }

  removeFromMap(key: number, mapKey: number): void {
    this.at(key).map.remove(mapKey)
    this.model.delete(`map/${key}/${mapKey}`)
  }

  clearMap(key: number): void {
    this.at(key).map.clear()
    for (let mapKey = 0; mapKey < MAP_KEYS; mapKey++) this.model.delete(`map/${key}/${mapKey}`)
  }

  getFromMap(key: number, mapKey: number): void {
    const { map } = this.at(key)
    this.compare(`map/${key}/${mapKey}`, [map.get(mapKey)])
    if (map.has(mapKey) !== this.model.seen(`map/${key}/${mapKey}`, this.now).length > 0) {
      this.differences.push(`has(${mapKey}) of map/${key}`)
    }
  }

  readKey(key: number): void {
    const { value, sum, list, map } = this.at(key)
    const mapKeys = Array.from({ length: MAP_KEYS }, (_, mapKey) => mapKey)
    const hasNone = mapKeys.every((mapKey) => this.model.seen(`map/${key}/${mapKey}`, this.now).length === 0)
    if (map.isEmpty() !== hasNone) this.differences.push(`isEmpty() of map/${key}`)
    this.compare(`value/${key}`, [value.value()])
    this.compare(`sum/${key}`, [sum.value()])
    this.compare(`list/${key}`, list.values())
    const found = new Map(map.entries())
    for (const mapKey of mapKeys) this.compare(`map/${key}/${mapKey}`, [found.get(mapKey)])
  }

  readAll(): void {
    for (let key = 0; key < KEYS; key++) this.readKey(key)
  }

  advance(byMs: number): void {
    this.now += byMs
  }

  /** The same for several keys, wrapping around. */
  forKeys(from: number, count: number, run: (key: number) => void): void {
    for (let index = 0; index < count; index++) run((from + index) % KEYS)
  }

  fill(): void {
    this.forKeys(0, KEYS, (key) => {
      this.updateValue(key)
      this.addToSum(key)
      this.updateList(key)
      this.putIntoMap(key, key % MAP_KEYS)
    })
  }

  trim(): void {
    for (const { instance } of this.subtasks) instance.keyed.trim()
  }

  /** So often that everything has been looked at. */
  trimAll(): void {
    this.advance(TTL_MS)
    // At least 64 at a time.
    for (let seen = 0; seen < KEYS * MAP_KEYS * 2; seen += 60) this.trim()
  }

  begin(isSavepoint: boolean): void {
    this.abort()
    this.writing = {
      model: this.model.copy(),
      parts: this.subtasks.map(({ instance }) => instance.begin(isSavepoint)),
    }
  }

  work(looks: number): void {
    for (const part of this.writing?.parts ?? []) {
      let left = looks
      part.work(() => --left < 0)
    }
  }

  complete(): void {
    if (this.writing === undefined) return
    const { model, parts } = this.writing
    this.taken = { model, objects: parts.flatMap((part) => part.complete()) }
    this.writing = undefined
  }

  abort(): void {
    for (const part of this.writing?.parts ?? []) part.abort()
    this.writing = undefined
  }

  /** Goes on from the newest snapshot; meanwhile time has passed. */
  recover(parallelism: number): void {
    this.abort()
    for (const { instance } of this.subtasks) instance.keyed.close()
    this.subtasks = this.deploy(parallelism)
    for (const { instance } of this.subtasks) instance.restore(this.taken.objects)
    this.model = this.taken.model.copy()
  }

  /** Entries in memory or on disk, and those that are seen. */
  get sizes(): { readonly kept: number; readonly live: number } {
    const kept = this.subtasks.flatMap(({ instance }) => [...instance.keyed.sizes.values()])
    return { kept: kept.reduce((sum, size) => sum + size, 0), live: this.model.liveCount(this.now) }
  }

  close(): void {
    for (const { instance } of this.subtasks) instance.keyed.close()
  }

  private at(key: number): Subtask {
    const group = key % GROUPS
    const subtask = this.subtasks[subtaskOfGroup(group, this.subtasks.length, GROUPS)] as Subtask
    subtask.instance.keyed.setCurrentKey(key, group)
    return subtask
  }

  private compare(name: string, found: readonly (number | undefined)[]): void {
    const text = found.filter((value) => value !== undefined).join()
    const expected = this.model.read(name, this.now).join()
    if (text !== expected) this.differences.push(`${name} at ${this.now}: expected '${expected}', found '${text}'`)
  }

  private deploy(parallelism: number): Subtask[] {
    const { update, leaves } = this.options
    const ttl: Ttl = { after: millis(TTL_MS), update }
    return Array.from({ length: parallelism }, (_, subtask) => {
      const instance = new InstanceState({
        operatorId: 'lab',
        range: keyGroupRange(subtask, parallelism, GROUPS),
        clock: { now: () => this.now },
        ...(leaves && { leaves: leaves() }),
      })
      const { keyed } = instance
      return {
        instance,
        value: keyed.value<number>({ kind: 'value', name: 'value', ttl }),
        sum: keyed.reducing<number>({ kind: 'reducing', name: 'sum', reduce: (a, b) => a + b, ttl }),
        list: keyed.list<number>({ kind: 'list', name: 'list', ttl }),
        map: keyed.map<number, number>({ kind: 'map', name: 'map', ttl }),
      }
    })
  }
}
