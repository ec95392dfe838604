import { TidemarkError } from '../errors.js'
import type { ChangeSource, CopyOnWrite, SlotChanges } from './change-log.js'
import type { KeyGroupedComponent, Presence } from './component.js'
import { FrameWriter, OBJECT_MAGIC } from './frames.js'
import type { Tracked } from './leaf.js'

/** An object is handed on when it has reached this size. */
const OBJECT_BYTES = 1024 * 1024
/** Entries between two looks at the clock; also looked at when a frame is full. */
const ENTRIES_A_LOOK = 64

/** Objects of a snapshot, put together from frames. */
class ObjectBuilder {
  readonly finished: Uint8Array[] = []
  private frames: Uint8Array[] = []
  private bytes = 0

  add(frame: Uint8Array): void {
    this.frames.push(frame)
    this.bytes += frame.length
    if (this.bytes >= OBJECT_BYTES) this.finish()
  }

  finish(): void {
    if (this.frames.length === 0) return
    const object = new Uint8Array(OBJECT_MAGIC.length + this.bytes)
    object.set(OBJECT_MAGIC)
    let at = OBJECT_MAGIC.length
    for (const frame of this.frames) {
      object.set(frame, at)
      at += frame.length
    }
    this.frames = []
    this.bytes = 0
    this.finished.push(object)
  }
}

interface ComponentSnapshotOptions {
  readonly operatorId: string
  readonly objects: ObjectBuilder
  readonly firstGroup: number
  readonly asOf: number
}

/** How far the writing of one key group is. */
type Phase = 'deletions' | 'entries'

/**
 * One component's part of a snapshot: written group by group, in slices, while the component goes on changing.
 *
 * 1. Whatever is about to change before its turn is written at once (`beforeChange`), into its group's frame, which waits
 *    for the group's turn.
 * 2. Whoever has a later stamp than the snapshot was written so, or came after the barrier: it is passed over.
 * 3. A group's deletions come first: a key that was deleted and came back is present.
 */
class ComponentSnapshot<T extends Tracked> implements CopyOnWrite<T> {
  private readonly component: KeyGroupedComponent<T>
  private readonly objects: ObjectBuilder
  private readonly options: ComponentSnapshotOptions
  private readonly asOf: number
  private readonly slots: readonly SlotChanges<T>[]
  /** Index in `slots` by slot; -1: nothing of it is written. */
  private readonly order: Int32Array
  /** Frames of groups that have been written into before their turn. */
  private readonly writers = new Map<number, FrameWriter>()
  private readonly waiting = new Map<number, Uint8Array[]>()
  private next = 0
  private phase: Phase = 'deletions'
  private source = 0
  private listed: Iterator<T> | undefined
  private iterator: Iterator<T> | undefined
  private visited = 0
  private isLookDue = false
  /** By slot: what was dropped as a whole after the barrier, before its turn. */
  private readonly retained = new Map<number, Iterator<T>[]>()
  private deletions: FrameWriter | undefined
  /** Groups of which a frame is finished. */
  private readonly hasFrame = new Set<number>()
  /** An entry could not be written: what there is of it must not be used. */
  private failure: { readonly error: unknown } | undefined

  constructor(component: KeyGroupedComponent<T>, slots: readonly SlotChanges<T>[], options: ComponentSnapshotOptions) {
    this.options = options
    this.component = component
    this.slots = slots
    this.objects = options.objects
    this.asOf = options.asOf
    this.order = new Int32Array(component.changes.live.length).fill(-1)
    slots.forEach(({ slot }, index) => {
      this.order[slot] = index
    })
  }

  beforeChange(slot: number, changed: T): void {
    const index = this.order[slot] as number
    if (index < this.next || changed.stamp > this.asOf || this.failure !== undefined) return
    const { after, base } = this.slots[index] as SlotChanges<T>
    const members = base === 0 ? this.component.membersOf?.(changed) : undefined
    if (members !== undefined && this.retained.get(slot)?.push(members) === undefined)
      this.retained.set(slot, [members])
    if (changed.stamp <= after || this.component.presence(changed, this.asOf) !== 'present') return
    if (base === 0 && this.component.isLeftOut?.(changed)) return
    try {
      this.write(slot, changed)
    } catch {
      // The snapshot's failure (`work` throws it), not that of whoever makes the change.
    }
  }

  /** Writes until the time is up; true: everything is written. */
  work(isTimeUp: () => boolean): boolean {
    if (this.failure !== undefined) throw this.failure.error
    while (this.next < this.slots.length) {
      const changes = this.slots[this.next] as SlotChanges<T>
      const isWhole = changes.base === 0
      if (this.phase === 'deletions') {
        if (!isWhole && !this.visitChanged(changes, 'gone', isTimeUp)) return false
        this.beginEntries(changes)
      }
      if (!(isWhole ? this.visitAll(changes, isTimeUp) : this.visitChanged(changes, 'present', isTimeUp))) return false
      this.finishSlot(changes)
    }
    return true
  }

  /** False: the time is up. */
  private visitChanged({ slot, sources, merged }: SlotChanges<T>, wanted: Presence, isTimeUp: () => boolean): boolean {
    const { component, asOf } = this
    for (; this.source < sources.length; this.source++, this.listed = undefined) {
      const { after, through, changed } = sources[this.source] as ChangeSource<T>
      this.listed ??= wanted === 'gone' && changed.deleted !== undefined ? changed.deleted() : changed.values()
      for (;;) {
        const { value: entry, done } = this.listed.next()
        if (done === true) break
        const isOfSource = entry.stamp > after && entry.stamp <= through
        if (isOfSource && component.presence(entry, asOf) === wanted) {
          if (wanted === 'present') this.write(slot, entry)
          else if (entry.isStored) this.writeDeletion(entry)
          merged?.push(entry)
        }
        if (this.mustLook() && isTimeUp()) return false
      }
    }
    return true
  }

  private visitAll({ slot }: SlotChanges<T>, isTimeUp: () => boolean): boolean {
    const { component, asOf } = this
    const { isLeftOut } = component
    let iterator: Iterator<T> | undefined = this.iterator ?? component.entriesOf(slot)
    while (iterator !== undefined) {
      this.iterator = iterator
      for (;;) {
        const { value, done } = iterator.next()
        if (done === true) break
        const isPresent = value.stamp <= asOf && component.presence(value, asOf) === 'present'
        if (isPresent && (isLeftOut === undefined || !isLeftOut(value))) this.write(slot, value)
        if (this.mustLook() && isTimeUp()) return false
      }
      iterator = this.retained.get(slot)?.pop()
    }
    this.iterator = undefined
    this.retained.delete(slot)
    return true
  }

  private mustLook(): boolean {
    const must = ++this.visited % ENTRIES_A_LOOK === 0 || this.isLookDue
    this.isLookDue = false
    return must
  }

  private write(slot: number, entry: T): void {
    const writer = this.writerOf(slot)
    const encoder = writer.begin()
    try {
      this.component.writeKey(entry, encoder)
      this.component.writeValue(entry, encoder)
    } catch (thrown) {
      const error = this.located(thrown, slot)
      this.failure = { error }
      throw error
    }
    entry.isStored = true
    if (!writer.isFull) return
    this.add(slot, writer.take())
    this.isLookDue = true
  }

  private writeDeletion(entry: T): void {
    const changes = this.slots[this.next] as SlotChanges<T>
    this.deletions ??= this.newWriter(changes)
    this.hasFrame.add(changes.slot)
    const encoder = this.deletions.begin()
    this.component.writeKey(entry, encoder)
    encoder.absent()
    if (this.deletions.isFull) this.objects.add(this.deletions.take())
  }

  private beginEntries({ slot }: SlotChanges<T>): void {
    if (this.deletions?.isEmpty === false) this.objects.add(this.deletions.take())
    this.deletions = undefined
    for (const frame of this.waiting.get(slot) ?? []) this.objects.add(frame)
    this.waiting.delete(slot)
    this.phase = 'entries'
    this.source = 0
    this.listed = undefined
  }

  /**
   * Before its group's turn, and while its deletions are written, a frame waits. Not of a whole group, which has no
   * deletions: all of a large state may be changed before its turn.
   */
  private add(slot: number, frame: Uint8Array): void {
    this.hasFrame.add(slot)
    const index = this.order[slot] as number
    const isWhole = this.slots[index]?.base === 0
    if (isWhole || (index === this.next && this.phase === 'entries')) this.objects.add(frame)
    else if (this.waiting.get(slot)?.push(frame) === undefined) this.waiting.set(slot, [frame])
  }

  private finishSlot({ slot }: SlotChanges<T>): void {
    // Without entries too: a group that has become empty says so, and a later increment needs what it adds to.
    if (!this.hasFrame.has(slot)) this.writerOf(slot).begin()
    const writer = this.writers.get(slot)
    if (writer?.isEmpty === false) this.objects.add(writer.take())
    this.writers.delete(slot)
    this.hasFrame.delete(slot)
    this.next++
    this.phase = 'deletions'
    this.source = 0
    this.listed = undefined
  }

  private writerOf(slot: number): FrameWriter {
    const found = this.writers.get(slot)
    if (found !== undefined) return found
    const writer = this.newWriter(this.slots[this.order[slot] as number] as SlotChanges<T>)
    this.writers.set(slot, writer)
    return writer
  }

  private located(error: unknown, slot: number): unknown {
    if (!(error instanceof TidemarkError) || error.operatorId !== undefined) return error
    const { operatorId, firstGroup } = this.options
    const where = `operator '${operatorId}', '${this.component.name}', key group ${firstGroup + slot}`
    const { code, domain, message } = error
    return new TidemarkError({ code, domain, operatorId, message: `${where}: ${message}`, cause: error })
  }

  private newWriter({ slot, base }: SlotChanges<T>): FrameWriter {
    const { name, layout, version } = this.component
    return new FrameWriter({ group: this.options.firstGroup + slot, component: name, layout, version, base })
  }
}

export interface SnapshotOptions {
  readonly checkpointId: number
  /** Whole, self-contained, and nothing builds upon it. */
  readonly isSavepoint: boolean
  readonly operatorId: string
  readonly firstGroup: number
}

/** The keyed state of one operator on one subtask as of a barrier, being written while it goes on changing. */
export class KeyedSnapshot {
  /** Checkpoints, this one among them when it writes anything, whose objects make up the state. */
  readonly needed: ReadonlySet<number>
  private readonly components: readonly KeyGroupedComponent[]
  private readonly parts: ComponentSnapshot<Tracked>[] = []
  private readonly objects = new ObjectBuilder()
  private part = 0
  private isEnded = false

  /** At the barrier: a matter of lists, not of entries. */
  constructor(components: readonly KeyGroupedComponent[], options: SnapshotOptions) {
    const { checkpointId, isSavepoint, operatorId, firstGroup } = options
    const needed = new Set<number>()
    this.components = components
    for (const component of components) {
      const { changes } = component
      const asOf = changes.epoch
      const slots = isSavepoint ? changes.beginSavepoint() : changes.beginCheckpoint(checkpointId)
      const part = new ComponentSnapshot(component, slots, { operatorId, objects: this.objects, firstGroup, asOf })
      changes.copyOnWrite = part
      this.parts.push(part)
      if (!isSavepoint) changes.addNeeded(needed)
      else if (slots.length > 0) needed.add(checkpointId)
    }
    this.needed = needed
  }

  /**
   * Writes until the time is up; true: everything is written.
   * @throws TidemarkError STATE_NOT_SERIALIZABLE
   */
  work(isTimeUp: () => boolean): boolean {
    for (; this.part < this.parts.length; this.part++) {
      if (!(this.parts[this.part] as ComponentSnapshot<Tracked>).work(isTimeUp)) return false
    }
    this.objects.finish()
    this.end()
    return true
  }

  /** Objects that are finished and were not taken yet. */
  takeObjects(): readonly Uint8Array[] {
    return this.objects.finished.splice(0)
  }

  /** Nothing of it is needed any more. */
  end(): void {
    if (this.isEnded) return
    this.isEnded = true
    this.components.forEach(({ changes }, index) => {
      // Not another's that was begun since.
      if (changes.copyOnWrite === this.parts[index]) changes.copyOnWrite = undefined
    })
  }
}
