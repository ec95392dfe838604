import { keyGroupRange } from '../../../core/state/key-groups.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import type { LeafStore, LeafTable } from '../../../core/state/leaf-table.js'
import { KeyedTimers } from '../../../core/time/timers.js'
import type { Aggregate } from '../../../core/window/aggregate.js'

export const KEYS = 150
export const GROUPS = 5

export interface Cell {
  n: number
  readonly path: number[]
}

/** Changes its accumulator in place. */
const collected: Aggregate<number, number[], number> = {
  kind: 'collected',
  create: () => [],
  add(values, value) {
    values.push(value)
    return values
  },
  merge: (left, right) => left.concat(right),
  result: (values) => values.reduce((sum, value) => sum * 31 + value, 0),
}

/** One subtask. */
export class LabState {
  readonly keyed: KeyedState
  readonly value
  readonly list
  readonly map
  readonly sum
  readonly values
  readonly timers: KeyedTimers
  readonly panes: LeafTable

  constructor(subtask: number, parallelism: number, leaves: LeafStore | undefined) {
    const range = keyGroupRange(subtask, parallelism, GROUPS)
    this.keyed = new KeyedState({ operatorId: 'lab', range, ...(leaves && { leaves }) })
    this.value = this.keyed.value<Cell>({ kind: 'value', name: 'value' })
    this.list = this.keyed.list<number>({ kind: 'list', name: 'list' })
    this.map = this.keyed.map<number, { n: number }>({ kind: 'map', name: 'map' })
    this.sum = this.keyed.reducing<bigint>({ kind: 'reducing', name: 'sum', reduce: (left, right) => left + right })
    this.values = this.keyed.aggregating({ kind: 'aggregating', name: 'values', aggregate: collected })
    this.timers = new KeyedTimers(range)
    this.keyed.register(this.timers)
    const layout = { layout: 'by-window lab', version: 1 }
    this.panes = this.keyed.openTable({ name: 'windows', layout, accept: () => {}, hasSpaces: true })
    this.keyed.register(this.panes)
  }

  /** Everything it holds, as a model has it. */
  dump(into: Map<string, string>): void {
    const { first, end } = this.keyed.range
    for (let key = 0; key < KEYS; key++) {
      const group = key % GROUPS
      if (group < first || group >= end) continue
      this.keyed.setCurrentKey(key, group)
      const cell = this.value.value()
      if (cell !== undefined) into.set(`value/${key}`, textOf(cell))
      if (this.list.values().length > 0) into.set(`list/${key}`, this.list.values().join())
      for (const [mapKey, { n }] of this.map.entries()) into.set(`map/${key}/${mapKey}`, `${n}`)
      const sum = this.sum.value()
      if (sum !== undefined) into.set(`sum/${key}`, `${sum}`)
      const values = this.values.value()
      if (values !== undefined) into.set(`values/${key}`, `${values}`)
    }
    for (let group = first; group < end; group++) {
      for (const { domain, key, timestamp, namespace } of this.timers.entriesOf(group - first)) {
        into.set(`${domain}/${key}/${timestamp}/${namespace}`, '')
      }
      for (const leaf of this.panes.entriesOf(group - first)) {
        into.set(`pane/${leaf.space.id}/${leaf.key}`, String(leaf.value))
      }
    }
  }
}

export function textOf({ n, path }: Cell | Readonly<Cell>): string {
  return `${n}:${path.join()}`
}
