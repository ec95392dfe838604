import type { Element } from '../../core/element.js'
import { WatermarkCoalescer } from '../../core/time/coalescer.js'
import type { ChannelReceiver } from '../exchange/channel.js'
import { BarrierAlignment } from './barrier-alignment.js'

export interface GateChannel {
  readonly channel: ChannelReceiver
  /** Which input of the operator it feeds. */
  readonly input: number
}

/** All channels of a subtask as one input: watermarks are merged, barriers aligned, batches taken in turn. */
export class InputGate {
  private readonly channels: readonly GateChannel[]
  private readonly alignment: BarrierAlignment
  private readonly coalescer: WatermarkCoalescer
  /** What one received element turned into, beyond the first. */
  private readonly pending: Element[] = []
  private ended = 0
  private next = 0
  /** The input of the element that `receive` returned last. */
  lastInput = 0

  constructor(channels: readonly GateChannel[], restoredWatermark: number) {
    this.channels = channels
    this.alignment = new BarrierAlignment(channels.length)
    this.coalescer = new WatermarkCoalescer({ inputs: channels.length, emitted: restoredWatermark })
  }

  get isAligning(): boolean {
    return this.alignment.aligning !== undefined
  }

  cancelCheckpoint(checkpointId: number): void {
    this.alignment.cancel(checkpointId)
  }

  /** The next element for the operator, undefined when no open channel has one. */
  receive(): Element | undefined {
    const pending = this.pending.shift()
    if (pending) return pending
    for (let tried = 0; tried < this.channels.length; ) {
      const index = this.next
      const { channel, input } = this.channels[index] as GateChannel
      const element = this.alignment.isBlocked(index) ? undefined : channel.receive()
      if (element === undefined) {
        this.next = (index + 1) % this.channels.length
        tried++
        continue
      }
      this.lastInput = input
      // One element a turn from each channel, so that no input starves another.
      this.next = (index + 1) % this.channels.length
      if (element.kind === 'batch') return element
      const forwarded = this.onControl(index, element)
      if (forwarded) return forwarded
      tried = 0
    }
    return undefined
  }

  private onControl(index: number, element: Exclude<Element, { kind: 'batch' }>): Element | undefined {
    switch (element.kind) {
      case 'watermark':
        return this.announce(this.coalescer.onWatermark(index, element.timestamp))
      case 'idleness':
        return this.announce(this.coalescer.onIdleness(index, element.idle))
      case 'barrier':
        return this.alignment.onBarrier(index, element.barrier.checkpointId) === 'complete' ? element : undefined
      case 'end':
        // The end follows the maximum watermark, so nothing is left for the coalescer to do.
        return ++this.ended === this.channels.length ? element : undefined
    }
  }

  private announce(elements: readonly Element[]): Element | undefined {
    for (let index = 1; index < elements.length; index++) this.pending.push(elements[index] as Element)
    return elements[0]
  }
}
