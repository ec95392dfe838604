import type { KeyedStateBackend } from '../../state/backend.js'
import type { AnyDeclaration, StateDeclarations } from '../../state/declare.js'
import type { InternalKey } from '../../state/key.js'
import type { LeafTable } from '../../state/leaf-table.js'
import {
  KeyedAggregatingState,
  KeyedListState,
  KeyedReducingState,
  KeyedValueState,
} from '../../state/state-handles.js'
import { acceptWindows } from './incompatible-windows.js'
import { CurrentWindow, WindowMapState, WindowStateEntry } from './window-entry-state.js'

/** A window's state is stored under its name with this in front: a key's state may have the same name. */
const PREFIX = 'window-state:'

/** States that a user has declared for each window of a key. They go with the window. */
export class WindowStates {
  /** By the names declared; of the window that was entered last. */
  readonly handles: Readonly<Record<string, unknown>>
  private readonly current: CurrentWindow
  private readonly tables: LeafTable[] = []

  constructor(declarations: StateDeclarations, operatorId: string, backend: KeyedStateBackend) {
    this.current = new CurrentWindow(operatorId, backend.range)
    const handles: Record<string, unknown> = {}
    for (const [name, declared] of Object.entries(declarations)) {
      const declaration = declared as AnyDeclaration
      const table = openTable(name, declaration, operatorId, backend)
      this.tables.push(table)
      handles[name] = handleOf(declaration, new WindowStateEntry(table, this.current))
    }
    this.handles = Object.freeze(handles)
  }

  enter(start: number, key: InternalKey, group: number, timestamp: number): void {
    this.current.enter(start, key, group, timestamp)
  }

  leave(): void {
    this.current.clear()
  }

  /** The window of the key is over. */
  remove(start: number, key: InternalKey, slot: number): void {
    for (const table of this.tables) {
      const leaf = table.space(slot, start)?.leaves.get(key)
      if (leaf !== undefined) table.remove(leaf)
    }
  }

  /** The windows of all keys that start there are over. */
  drop(start: number, slots: number): void {
    for (const table of this.tables) {
      for (let slot = 0; slot < slots; slot++) {
        const space = table.space(slot, start)
        if (space !== undefined) table.drop(space)
      }
    }
  }
}

function openTable(
  name: string,
  declaration: AnyDeclaration,
  operatorId: string,
  backend: KeyedStateBackend,
): LeafTable {
  const aggregate = declaration.kind === 'aggregating' ? ` ${declaration.aggregate.kind}` : ''
  const layout = { layout: `by-window ${declaration.kind}${aggregate}`, version: 1 }
  const table = backend.openTable({
    name: PREFIX + name,
    layout,
    accept: (stored) => acceptWindows(operatorId, layout, stored),
    hasSpaces: true,
  })
  backend.register(table)
  return table
}

function handleOf(declaration: AnyDeclaration, entry: WindowStateEntry): unknown {
  switch (declaration.kind) {
    case 'value':
      return new KeyedValueState(entry, declaration.initial)
    case 'list':
      return new KeyedListState(entry)
    case 'map':
      return new WindowMapState(entry)
    case 'reducing':
      return new KeyedReducingState(entry, declaration.reduce)
    case 'aggregating':
      return new KeyedAggregatingState(entry, declaration.aggregate)
  }
}
