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

/** What has been read of a component's group. */
interface Chain {
  /** The checkpoint of the newest frames. */
  newest: number
  /** Checkpoints whose frames make up the state so far. */
  readonly applied: number[]
  /** The newest frames add to this one, which was not there; 0: they were applied. */
  lacks: number
}

/**
 * Reads objects of keyed state into an operator's components, frame by frame, oldest object first.
 *
 * An object that is needed for some groups may hold frames of others that nothing needs any more, and that add to what is
 * gone. They are passed over: a later frame of the group has all that they have. Only the newest must be complete.
 */
export class KeyedRestore {
  private readonly options: KeyedRestoreOptions
  private frames: IterableIterator<RawFrame> | undefined
  private checkpoint = 0
  /** The name of the object that is being read. */
  private object: string | undefined
  /** By component, by group (counted from the subtask's first). */
  private readonly chains = new Map<string, Map<number, Chain>>()
  private readonly unknown = new Set<string>()

  constructor(options: KeyedRestoreOptions) {
    this.options = options
  }

  /**
   * The next object; those of one subtask in the order of their checkpoints, and each only when `work` is done. With a name
   * what is wrong with it says where.
   */
  add(object: Uint8Array, checkpoint: number, { name }: { readonly name?: string } = {}): void {
    this.frames = framesOf(object, (found) => this.corrupt(undefined, found))
    this.checkpoint = checkpoint
    this.object = name
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
    this.object = undefined
    return true
  }

  /**
   * Everything is read.
   * @throws TidemarkError CHECKPOINT_CORRUPT when something is missing
   */
  finish(): void {
    for (const groups of this.chains.values()) {
      for (const [slot, { newest, lacks }] of groups) {
        if (lacks === 0) continue
        const found = `in checkpoint ${newest} what was added to checkpoint ${lacks}, but not that`
        throw this.corrupt(this.options.range.first + slot, found)
      }
    }
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
      if (!(error instanceof TidemarkError)) throw this.corrupt(raw.group, messageOf(error), error)
      if (error.operatorId !== undefined) throw error
      if (error.code === 'CHECKPOINT_CORRUPT') throw this.corrupt(raw.group, error.message, error)
      const { operatorId } = this.options
      const { code, domain } = error
      const message = `operator '${operatorId}', key group ${raw.group}: ${error.message}`
      throw new TidemarkError({ code, domain, operatorId, message, cause: error })
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
    if (!this.begin(component, slot, frame)) return
    const { entries } = frame
    while (entries.hasMore) {
      const key = entries.value()
      const value = entries.valueOrAbsent()
      if (value === ABSENT) component.restoreDeletion(slot, key)
      else component.restore(slot, key, value)
    }
  }

  /** False: what the frame adds to is not there. */
  private begin(component: KeyGroupedComponent, slot: number, frame: Frame): boolean {
    const groups = this.chains.get(component.name) ?? new Map<number, Chain>()
    this.chains.set(component.name, groups)
    const chain = groups.get(slot) ?? { newest: 0, applied: [], lacks: 0 }
    groups.set(slot, chain)
    if (chain.newest !== this.checkpoint) {
      const { applied } = chain
      if (frame.base === 0 && applied.length > 0) {
        component.restoreEmpty(slot)
        applied.length = 0
      }
      chain.newest = this.checkpoint
      chain.lacks = frame.base === 0 || applied.includes(frame.base) ? 0 : frame.base
      if (chain.lacks === 0) applied.push(this.checkpoint)
    }
    return chain.lacks === 0
  }

  private corrupt(group: number | undefined, found: string, cause?: unknown): TidemarkError {
    const where = this.object === undefined ? '' : `, object ${this.object}`
    return stateCorrupt(this.options.operatorId, group, found + where, cause)
  }
}
