import { Batch, type Element } from '../../core/element.js'
import { TidemarkError } from '../../core/errors.js'
import type { Partitioning } from '../../core/graph/node.js'
import { subtaskOfGroup } from '../../core/state/key-groups.js'
import type { ChannelSender } from './channel.js'

export interface EdgeWriterOptions {
  readonly partitioning: Partitioning
  readonly subtask: number
  readonly maxParallelism: number
  /** One a receiving subtask, in order. For `forward` only the one with the sender's index is there. */
  readonly channels: readonly ChannelSender[]
}

/** One subtask's side of an edge: sends rows to the subtasks they belong to, everything else to all. */
export class EdgeWriter {
  private readonly options: EdgeWriterOptions
  private readonly channels: readonly ChannelSender[]
  /** Target of each key group, looked up instead of computed for each row. */
  private readonly targets: Uint16Array
  private next: number

  constructor(options: EdgeWriterOptions) {
    this.options = options
    this.channels = options.channels
    this.next = options.subtask % options.channels.length
    this.targets = new Uint16Array(options.partitioning === 'hash' ? options.maxParallelism : 0)
    for (let group = 0; group < this.targets.length; group++) {
      this.targets[group] = subtaskOfGroup(group, options.channels.length, options.maxParallelism)
    }
  }

  /** Rows keep their order, so the writer has room only when every channel has. */
  get hasRoom(): boolean {
    for (const channel of this.channels) if (!channel.hasRoom) return false
    return true
  }

  send(element: Element): void {
    if (element.kind !== 'batch' || this.channels.length === 1 || this.options.partitioning === 'broadcast') {
      for (const channel of this.channels) channel.send(element)
    } else if (this.options.partitioning === 'hash') {
      this.sendByGroup(element.batch)
    } else {
      const target = this.next
      this.next = (target + 1) % this.channels.length
      this.channels[target]?.send(element)
    }
  }

  private sendByGroup(batch: Batch): void {
    const { values, timestamps, keys, groups } = batch
    if (!keys || !groups) throw notKeyed()
    const parts: Builder[] = this.channels.map(() => ({ values: [], timestamps: [], keys: [], groups: [] }))
    for (let row = 0; row < values.length; row++) {
      const group = groups[row] as number
      const part = parts[this.targets[group] as number] as Builder
      part.values.push(values[row])
      part.timestamps.push(timestamps[row] as number)
      part.keys.push(keys[row] as Builder['keys'][number])
      part.groups.push(group)
    }
    const origin = batch.origin?.scattered()
    for (let target = 0; target < parts.length; target++) {
      const part = parts[target] as Builder
      if (part.values.length === 0) continue
      const rows = new Batch(part.values, part.timestamps, part.keys, part.groups, origin)
      this.channels[target]?.send({ kind: 'batch', batch: rows })
    }
  }
}

function notKeyed(): TidemarkError {
  return new TidemarkError({
    code: 'BATCH_NOT_KEYED',
    domain: 'internal',
    message: 'a hash edge got rows without keys',
  })
}

interface Builder {
  readonly values: unknown[]
  readonly timestamps: number[]
  readonly keys: NonNullable<Batch['keys']>[number][]
  readonly groups: number[]
}
