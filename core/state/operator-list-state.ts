import { decode, encode } from '../codec/index.js'
import type { Subtask } from '../context.js'
import type { PlainState } from '../no-promise.js'
import type { ListState } from './backend.js'
import type { Journal } from './journal.js'
import { evenShare, type OperatorStateMode, type OperatorStateSnapshot } from './operator-state.js'

/*
 * State of a step that is not keyed: lists, one a subtask. How a user declares them, and what the declarations give:
 * `operatorState: { buffered: listOperatorState<Order>() }`.
 */

export interface OperatorListDeclaration<V> {
  readonly mode: 'list'
  /** Never there: it carries the type. */
  readonly entryOf?: () => V
}

export interface OperatorUnionDeclaration<V> {
  readonly mode: 'union'
  /** Never there: it carries the type. */
  readonly entryOf?: () => V
}

export type OperatorStateDeclarations = Readonly<Record<string, { readonly mode: 'list' | 'union' }>>

/** A subtask's own list. Every entry is in the list of one subtask, whatever the parallelism becomes. */
export interface UnionState<V> extends ListState<V> {
  /** What the lists of all subtasks held at the checkpoint that this run goes on from. Empty at a fresh start. */
  restored(): readonly V[]
}

export type OperatorStateHandle<D> =
  D extends OperatorListDeclaration<infer V>
    ? ListState<V>
    : D extends OperatorUnionDeclaration<infer V>
      ? UnionState<V>
      : never

export type OperatorStateHandles<Ds extends OperatorStateDeclarations> = {
  readonly [Name in keyof Ds]: OperatorStateHandle<Ds[Name]>
}

/** A list a subtask, split evenly when the parallelism changes; at the same one each subtask gets its own back. */
export function listOperatorState<V>(this: PlainState<V>): OperatorListDeclaration<V> {
  return Object.freeze({ mode: 'list' })
}

/**
 * A list a subtask too, and every subtask sees after a restore what all of them had (`restored()`): for what one
 * subtask decides and all have to know, such as the highest number given out. Of what was restored each subtask's own
 * list has an even share, so that nothing is lost or stored twice by a step that only reads.
 */
export function unionOperatorState<V>(this: PlainState<V>): OperatorUnionDeclaration<V> {
  return Object.freeze({ mode: 'union' })
}

export interface OperatorListsOptions {
  readonly subtask: Subtask
  /** As OperatorContext has it. */
  readonly restored: (name: string, mode: OperatorStateMode) => readonly unknown[]
  readonly journal?: Journal | undefined
}

/** The operator state of one subtask. */
export class OperatorLists<Ds extends OperatorStateDeclarations> {
  readonly handles: OperatorStateHandles<Ds>
  readonly #lists: readonly (readonly [name: string, list: OperatorList<unknown>])[]

  constructor(declarations: Ds, { subtask, restored, journal }: OperatorListsOptions) {
    this.#lists = Object.entries(declarations).map(([name, { mode }]) => {
      const entries = restored(name, mode)
      if (mode === 'list') return [name, new OperatorList(mode, { own: entries, restored: [], journal })]
      const own = evenShare(entries, subtask.index, subtask.parallelism)
      // Every subtask in the process sees the entries: nobody may change what another one has.
      return [name, new OperatorList(mode, { own: ownCopy(own), restored: ownCopy(entries), journal })]
    })
    // Each has the mode of the declaration of its name: what OperatorStateHandles says.
    this.handles = Object.freeze(Object.fromEntries(this.#lists)) as unknown as OperatorStateHandles<Ds>
  }

  snapshot(): readonly OperatorStateSnapshot[] {
    return this.#lists.map(([name, list]) => ({ name, mode: list.mode, entries: list.values() }))
  }
}

function ownCopy(entries: readonly unknown[]): readonly unknown[] {
  return decode(encode(entries)) as readonly unknown[]
}

interface ListParts {
  readonly own: readonly unknown[]
  readonly restored: readonly unknown[]
  readonly journal: Journal | undefined
}

class OperatorList<V> implements UnionState<V> {
  readonly mode: 'list' | 'union'
  readonly #restored: readonly V[]
  readonly #journal: Journal | undefined
  #own: V[]

  constructor(mode: 'list' | 'union', { own, restored, journal }: ListParts) {
    this.mode = mode
    // What a list of this name stored.
    this.#own = own.slice() as V[]
    this.#restored = restored as readonly V[]
    this.#journal = journal
  }

  restored(): readonly V[] {
    return this.#restored
  }

  values(): readonly V[] {
    return this.#own
  }

  add(value: V): void {
    this.#noteList()
    this.#own.push(value)
  }

  addAll(values: readonly V[]): void {
    this.#noteList()
    // A copy first: the list may be added to itself.
    for (const value of values.slice()) this.#own.push(value)
  }

  update(values: readonly V[]): void {
    this.#noteList()
    this.#own = values.slice()
  }

  clear(): void {
    this.#noteList()
    this.#own = []
  }

  /** A list is added to or replaced: it is what it was when it has its length again. */
  #noteList(): void {
    const own = this.#own
    const { length } = own
    this.#journal?.note(() => {
      own.length = length
      this.#own = own
    })
  }
}
