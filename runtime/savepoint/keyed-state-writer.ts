import type { KeyedObjectRef } from '../../core/checkpoint/manifest.js'
import { savepointKeyedPath } from '../../core/checkpoint/paths.js'
import { TidemarkError } from '../../core/errors.js'
import type { StoredLayout } from '../../core/state/component.js'
import { type FrameHead, FrameWriter, OBJECT_MAGIC } from '../../core/state/frames.js'
import { subtaskOfGroup } from '../../core/state/key-groups.js'
import { createOwn } from '../storage/checkpoint-objects.js'
import { checksum } from '../storage/checksum.js'
import type { ObjectStore } from '../storage/object-store.js'
import { entryInvalid } from './savepoint-error.js'
import type { StoredPair } from './stored-entry.js'

/** An object is written when it has reached this size. */
const OBJECT_BYTES = 4 * 1024 * 1024
/** What open frames hold together; then all of them are closed. */
const OPEN_BYTES = 16 * 1024 * 1024
const OPEN_FRAMES = 4096

export interface KeyedStateWriterOptions {
  readonly store: ObjectStore
  readonly operatorId: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** The checkpoint that the objects are of. */
  readonly checkpoint: number
}

interface SubtaskObjects {
  readonly refs: KeyedObjectRef[]
  frames: Uint8Array[]
  bytes: number
}

/** Writes the keyed state of one operator whole, in whatever order its entries come, within bounds of memory. */
export class KeyedStateWriter {
  private readonly options: KeyedStateWriterOptions
  private readonly subtasks: readonly SubtaskObjects[]
  /** By component and layout, by key group. */
  private readonly open = new Map<string, Map<number, FrameWriter>>()
  private openFrames = 0
  private openBytes = 0

  constructor(options: KeyedStateWriterOptions) {
    this.options = options
    this.subtasks = Array.from({ length: options.parallelism }, () => ({ refs: [], frames: [], bytes: 0 }))
  }

  /** @throws TidemarkError STATE_NOT_SERIALIZABLE */
  async add(component: string, stored: StoredLayout, group: number, pair: StoredPair): Promise<void> {
    const { layout, version } = stored
    const groups = this.groupsOf(`${component}\0${layout}\0${version}`)
    const writer = groups.get(group) ?? this.begin(groups, { component, layout, version, group, base: 0 })
    const encoder = writer.begin()
    const before = encoder.length
    try {
      encoder.value(pair.key)
      encoder.value(pair.value)
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
      throw entryInvalid(this.options.operatorId, `'${component}': ${error.message}`, error)
    }
    this.openBytes += encoder.length - before
    if (writer.isFull) await this.close(groups, group, writer)
    else if (this.openBytes >= OPEN_BYTES || this.openFrames >= OPEN_FRAMES) await this.closeAll()
  }

  /** By subtask. */
  async finish(): Promise<readonly (readonly KeyedObjectRef[])[]> {
    await this.closeAll()
    for (const [index, subtask] of this.subtasks.entries()) if (subtask.bytes > 0) await this.write(index)
    return this.subtasks.map(({ refs }) => refs)
  }

  private groupsOf(layout: string): Map<number, FrameWriter> {
    const groups = this.open.get(layout) ?? new Map<number, FrameWriter>()
    this.open.set(layout, groups)
    return groups
  }

  private begin(groups: Map<number, FrameWriter>, head: FrameHead): FrameWriter {
    const writer = new FrameWriter(head)
    groups.set(head.group, writer)
    this.openFrames++
    return writer
  }

  private async close(groups: Map<number, FrameWriter>, group: number, writer: FrameWriter): Promise<void> {
    const { parallelism, maxParallelism } = this.options
    const index = subtaskOfGroup(group, parallelism, maxParallelism)
    const subtask = this.subtasks[index] as SubtaskObjects
    const bytes = writer.begin().length
    const frame = writer.take()
    subtask.frames.push(frame)
    subtask.bytes += frame.length
    groups.delete(group)
    this.openFrames--
    this.openBytes -= Math.min(bytes, this.openBytes)
    if (subtask.bytes >= OBJECT_BYTES) await this.write(index)
  }

  private async closeAll(): Promise<void> {
    for (const groups of this.open.values()) {
      for (const [group, writer] of [...groups].sort(([left], [right]) => left - right)) {
        await this.close(groups, group, writer)
      }
    }
    this.openBytes = 0
  }

  private async write(index: number): Promise<void> {
    const { store, operatorId, checkpoint } = this.options
    const subtask = this.subtasks[index] as SubtaskObjects
    const data = new Uint8Array(OBJECT_MAGIC.length + subtask.bytes)
    data.set(OBJECT_MAGIC)
    let at = OBJECT_MAGIC.length
    for (const frame of subtask.frames) {
      data.set(frame, at)
      at += frame.length
    }
    const name = savepointKeyedPath(operatorId, { subtask: index, part: subtask.refs.length })
    await createOwn(store, name, data)
    subtask.refs.push({ name, length: data.length, crc32: checksum(data), checkpoint })
    subtask.frames = []
    subtask.bytes = 0
  }
}
