import { type ChangeList, type ChangeLists, HeapChangeLists } from './change-list.js'
import { NEVER, type Tracked } from './leaf.js'
import { planRewrites, planRun, type RunPlan, type RunSize, type StoredGroup } from './run-plan.js'

/** What one checkpoint holds of a key group: everything, or what changed since the run before. */
interface Run<T> extends RunSize {
  count: number
  readonly checkpoint: number
  /** Changes in later epochs than this one... */
  readonly after: number
  /** ...and up to this one. */
  readonly through: number
  /** Whoever was changed; of a whole run nobody is listed. */
  readonly changed: ChangeList<T>
}

/** One key group's part of a snapshot that is being taken. */
export interface SlotChanges<T> {
  readonly slot: number
  /** The checkpoint whose state this adds to; 0: it is whole. */
  readonly base: number
  /** What changed in later epochs is part of it. */
  readonly after: number
  /** Runs whose changes it holds, oldest first; a whole one is read from the state itself. */
  readonly sources: readonly ChangeSource<T>[]
  /** Of several sources: whoever is written is listed here. */
  readonly merged?: ChangeList<T>
}

export interface ChangeSource<T> {
  readonly after: number
  readonly through: number
  readonly changed: ChangeList<T>
}

interface PendingSlot<T> {
  readonly slot: number
  readonly plan: RunPlan
  readonly run: Run<T>
  /** Of the newest interval alone: what goes back when the checkpoint is aborted. */
  readonly newest: ChangeList<T>
}

interface PendingCheckpoint<T> {
  readonly id: number
  readonly listedAfter: number
  readonly slots: readonly PendingSlot<T>[]
}

/** Gets what is about to change while a snapshot still needs it as it is. */
export interface CopyOnWrite<T> {
  beforeChange(slot: number, changed: T): void
}

/**
 * What changed in the state of a component since its checkpoints, by key group. An epoch lasts from one snapshot to the
 * next; whoever changes something for the first time in an epoch calls `touch`, later changes cost one comparison.
 *
 * 1. Nothing is copied at a barrier: the lists of the epoch are set aside, and the next begins.
 * 2. An aborted checkpoint's lists go back; a completed one's become the run that later ones build upon.
 * 3. A group that has become empty is a whole run without entries: objects that other groups still need may hold entries
 *    of it. It is written anew from time to time, so that it does not keep an old checkpoint's objects alive.
 */
export class ChangeLog<T extends Tracked> {
  /** Even numbers; odd ones mark what a disk backend has loaded in an epoch and nobody has changed yet. */
  epoch = 2
  /** Entries that each key group has: the component counts. */
  readonly live: Int32Array
  /** The snapshot that is being taken. */
  copyOnWrite: CopyOnWrite<T> | undefined
  /** Of a disk backend: what it has to write. */
  onTouch: ((slot: number, changed: T) => void) | undefined
  private lists: ChangeLists<T> = new HeapChangeLists()
  /** By slot; undefined while nothing was changed. */
  private changed: (ChangeList<T> | undefined)[]
  private readonly runs: Run<T>[][]
  /** Entries that each needed checkpoint has written, whatever of them is still needed. */
  private readonly written = new Map<number, number>()
  /** How many runs each needed checkpoint has: a barrier must not look at all of them. */
  private readonly runsOf = new Map<number, number>()
  /** Of the listed ones, those that nobody needs any more. */
  private readonly discarded: Int32Array
  private readonly isNeeded: (changed: T) => boolean
  private pending: PendingCheckpoint<T> | undefined
  /** Whoever has a later stamp is in `changed` already. */
  private listedAfter = 0

  /** @param isNeeded whether a checkpoint has to know of it: not of what came and went between two of them */
  constructor(slots: number, isNeeded: (changed: T) => boolean) {
    this.live = new Int32Array(slots)
    this.discarded = new Int32Array(slots)
    this.isNeeded = isNeeded
    this.changed = new Array<undefined>(slots).fill(undefined)
    this.runs = Array.from({ length: slots }, () => [])
  }

  /** Before anything is changed. */
  keepIn(lists: ChangeLists<T>): void {
    this.lists = lists
    this.changed.fill(undefined)
  }

  /** What was changed since the newest snapshot. */
  listOf(slot: number): ChangeList<T> {
    const found = this.changed[slot]
    if (found !== undefined) return found
    const list = this.lists.create()
    this.changed[slot] = list
    return list
  }

  /** Before something is created, changed, replaced or deleted whose stamp is not the current epoch. */
  touch(slot: number, changed: T): void {
    this.copyOnWrite?.beforeChange(slot, changed)
    if (changed.stamp <= this.listedAfter) this.listOf(slot).push(changed)
    changed.stamp = this.epoch
    this.onTouch?.(slot, changed)
  }

  /** So many that may be listed came and went. What is listed stays in memory, so they are taken out by and by. */
  discard(slot: number, count: number): void {
    const discarded = (this.discarded[slot] as number) + count
    const list = this.listOf(slot)
    // A snapshot that is being taken may yet write one of them.
    const isWorthIt = discarded >= SMALLEST_SWEEP && discarded * 2 >= list.length && this.copyOnWrite === undefined
    this.discarded[slot] = isWorthIt ? 0 : discarded
    if (isWorthIt && this.lists.without) this.changed[slot] = this.lists.without(list, this.isNeeded)
  }

  /** A whole snapshot that no checkpoint builds upon. What changes from here on is not part of it. */
  beginSavepoint(): readonly SlotChanges<T>[] {
    const slots: SlotChanges<T>[] = []
    for (let slot = 0; slot < this.live.length; slot++) {
      if ((this.live[slot] as number) > 0) slots.push({ slot, base: 0, after: NEVER, sources: [] })
    }
    this.epoch += 2
    return slots
  }

  /** An increment to the newest checkpoint that is known to be completed. What changes from here on is not part of it. */
  beginCheckpoint(id: number): readonly SlotChanges<T>[] {
    if (this.pending !== undefined) this.abort(this.pending.id)
    const through = this.epoch
    const slots: SlotChanges<T>[] = []
    const pending: PendingSlot<T>[] = []
    const rewrites = this.rewrites()
    for (let slot = 0; slot < this.live.length; slot++) {
      const newest: ChangeList<T> = this.changed[slot] ?? NOBODY
      const runs = this.runs[slot] as Run<T>[]
      const live = this.live[slot] as number
      const isRewritten = rewrites.has(slot) || isOldMask(runs, id)
      if (newest.length === 0 && !(runs.length === 0 ? live > 0 : isRewritten)) continue
      const plan =
        newest.length === 0 || isRewritten ? WHOLE : planRun(runs, newest.length, live, slot / this.live.length)
      const isWhole = plan.keep === 0
      const after = isWhole ? NEVER : (runs[plan.keep - 1] as Run<T>).through
      const own = { after: runs.at(-1)?.through ?? NEVER, through, changed: newest }
      const sources = isWhole ? [] : [...runs.slice(plan.keep), own]
      const changed = isWhole || plan.tier > 0 ? this.lists.create() : newest
      const count = isWhole ? live : newest.length
      const base = isWhole ? 0 : (runs[plan.keep - 1] as Run<T>).checkpoint
      pending.push({ slot, plan, newest, run: { checkpoint: id, after, through, changed, count, tier: plan.tier } })
      slots.push({ slot, after, sources, base, ...(!isWhole && plan.tier > 0 && { merged: changed }) })
    }
    this.pending = { id, listedAfter: this.listedAfter, slots: pending }
    this.changed = new Array<undefined>(this.live.length).fill(undefined)
    this.discarded.fill(0)
    this.listedAfter = through
    this.epoch += 2
    return slots
  }

  /** Checkpoints, this one included, whose objects the one that is being taken needs. */
  addNeeded(needed: Set<number>): void {
    const replaced = new Map<number, number>()
    for (const { slot, plan, run } of this.pending?.slots ?? []) {
      const runs = this.runs[slot] as Run<T>[]
      for (let index = plan.keep; index < runs.length; index++) addTo(replaced, (runs[index] as Run<T>).checkpoint, 1)
      needed.add(run.checkpoint)
    }
    for (const [checkpoint, count] of this.runsOf) {
      if (count > (replaced.get(checkpoint) ?? 0)) needed.add(checkpoint)
    }
  }

  /** What was changed to restore the state is no change of it. */
  forgetChanges(): void {
    for (const list of this.changed) if (list !== undefined) this.lists.release?.(list)
    this.changed.fill(undefined)
  }

  /** The checkpoint counts: later ones build upon it. */
  complete(id: number): void {
    const { pending } = this
    if (pending?.id !== id) return
    this.pending = undefined
    for (const { slot, plan, run, newest } of pending.slots) {
      const runs = this.runs[slot] as Run<T>[]
      while (runs.length > plan.keep) {
        const { changed, checkpoint } = runs.pop() as Run<T>
        this.lists.release?.(changed)
        addTo(this.runsOf, checkpoint, -1)
      }
      if (run.changed !== newest && newest !== NOBODY) this.lists.release?.(newest)
      // Of a merged run this is known only now.
      if (plan.keep > 0) run.count = run.changed.length
      runs.push(run)
      addTo(this.runsOf, id, 1)
    }
    this.written.set(
      id,
      pending.slots.reduce((sum, { run }) => sum + run.count, 0),
    )
    for (const known of this.written.keys()) if (!this.runsOf.has(known)) this.written.delete(known)
  }

  /** The checkpoint never counts: its changes belong to the next one. */
  abort(id: number): void {
    const { pending } = this
    if (pending?.id !== id) return
    this.pending = undefined
    this.listedAfter = pending.listedAfter
    for (const { slot, newest, run } of pending.slots) {
      if (run.changed !== newest) this.lists.release?.(run.changed)
      if (newest !== NOBODY) this.changed[slot] = this.lists.join(newest, this.listOf(slot), run.through)
    }
  }

  private rewrites(): ReadonlySet<number> {
    let [stored, live, changed] = [0, 0, 0]
    for (const count of this.written.values()) stored += count
    for (const count of this.live) live += count
    for (const list of this.changed) changed += list?.length ?? 0
    return planRewrites(() => this.storedGroups(), { stored, live, changed })
  }

  private storedGroups(): readonly StoredGroup[] {
    return this.runs.flatMap(([whole], slot) => {
      return whole === undefined ? [] : [{ slot, live: this.live[slot] as number, oldest: whole.checkpoint }]
    })
  }
}

/** Below that a sweep is not worth it. */
const SMALLEST_SWEEP = 16

const WHOLE: RunPlan = { keep: 0, tier: 0 }
const NOBODY: ChangeList<never> = Object.freeze({ length: 0, push: () => 0, values: () => [].values() })
/** In checkpoints. */
const OLDEST_MASK = 16

function addTo(counts: Map<number, number>, key: number, count: number): void {
  const sum = (counts.get(key) ?? 0) + count
  if (sum === 0) counts.delete(key)
  else counts.set(key, sum)
}

function isOldMask<T>(runs: readonly Run<T>[], id: number): boolean {
  const [run] = runs
  return runs.length === 1 && run !== undefined && run.count === 0 && run.checkpoint <= id - OLDEST_MASK
}
