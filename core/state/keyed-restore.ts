import { ABSENT } from '../codec/index.js'
import { messageOf, TidemarkError } from '../errors.js'
import type { KeyGroupRange } from './backend.js'
import type { KeyGroupedComponent } from './component.js'
import { type Frame, framesOf, type RawFrame, readFrame } from './frames.js'
import { stateCorrupt } from './state-error.js'

export interface KeyedRestoreOptions {
  readonly operatorId: string
  readonly range: KeyGroupRange
  readonly components: ReadonlyMap<string, KeyGroupedComponent>
}

/** A user's state is stored under its name with this in front. */
const STATE_PREFIX = 'state:'

/** Reads objects of keyed state into an operator's components, frame by frame, oldest object first. */
export class KeyedRestore {
  private readonly options: KeyedRestoreOptions
  private frames: IterableIterator<RawFrame> | undefined
  private checkpoint = 0
  /** The checkpoint of the newest frames of a component's group. */
  private readonly newest = new Map<string, Map<number, number>>()
  private readonly unknown = new Set<string>()

  constructor(options: KeyedRestoreOptions) {
    this.options = options
  }

  /** The next object; those of one subtask in the order of their checkpoints, and each only when `work` is done. */
  add(object: Uint8Array, checkpoint: number): void {
    this.frames = framesOf(object, (found) => this.corrupt(undefined, found))
    this.checkpoint = checkpoint
  }

  /**
   * Reads until the time is up; true: the object is done.
   * @throws TidemarkError CHECKPOINT_CORRUPT, STATE_LAYOUT_UNKNOWN and the like
   */
  work(isTimeUp: () => boolean): boolean {
    const { first, end } = this.options.range
    while (this.frames !== undefined) {
      const next = this.frames.next()
      if (next.done === true) break
      const raw: RawFrame = next.value
      if (raw.group < first || raw.group >= end) continue
      this.read(raw)
      if (isTimeUp()) return false
    }
    this.frames = undefined
    return true
  }

  /** Everything is read. */
  finish(): void {
    for (const { changes } of this.options.components.values()) changes.forgetChanges()
  }

  /** Names of states and components in the checkpoint that the operator has not. */
  get unclaimed(): readonly string[] {
    return [...this.unknown]
      .map((name) => (name.startsWith(STATE_PREFIX) ? name.slice(STATE_PREFIX.length) : name))
      .sort()
  }

  private read(raw: RawFrame): void {
    try {
      this.apply(readFrame(raw, (found) => this.corrupt(raw.group, found)))
    } catch (error) {
      if (error instanceof TidemarkError && error.operatorId !== undefined) throw error
      throw this.corrupt(raw.group, messageOf(error), error)
    }
  }

  private apply(frame: Frame): void {
    const component = this.options.components.get(frame.component)
    if (component === undefined) {
      this.unknown.add(frame.component)
      return
    }
    component.accept(frame)
    const slot = frame.group - this.options.range.first
    this.begin(component, slot, frame)
    const { entries } = frame
    while (entries.hasMore) {
      const key = entries.value()
      const value = entries.valueOrAbsent()
      if (value === ABSENT) component.restoreDeletion(slot, key)
      else component.restore(slot, key, value)
    }
  }

  private begin(component: KeyGroupedComponent, slot: number, frame: Frame): void {
    const groups = this.newest.get(component.name) ?? new Map<number, number>()
    this.newest.set(component.name, groups)
    const before = groups.get(slot)
    if (before === this.checkpoint) return
    if (frame.base === 0 && before !== undefined) component.restoreEmpty(slot)
    if (frame.base !== 0 && before === undefined) {
      throw this.corrupt(frame.group, `what was added to checkpoint ${frame.base}, but not that checkpoint`)
    }
    groups.set(slot, this.checkpoint)
  }

  private corrupt(group: number | undefined, found: string, cause?: unknown): TidemarkError {
    return stateCorrupt(this.options.operatorId, group, found, cause)
  }
}
