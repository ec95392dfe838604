import type { Batch } from '../../core/element.js'
import type { Output } from '../../core/operators/operator.js'
import type { Origin } from '../../core/origin.js'
import type { Emitted } from './input.js'

/** An output that holds up to `capacity` rows a call, or none at all when it is closed. */
export class BoundedOutput implements Output {
  /** Rows of every port of the case so far; port 0 is the main output. */
  readonly ports: readonly Emitted<unknown>[][]
  origin: Origin | undefined
  private readonly capacity: number
  private inCall = 0
  private isClosed = false
  private wasSeenFull = false

  constructor(ports: readonly Emitted<unknown>[][], capacity: number) {
    this.ports = ports
    this.capacity = capacity
  }

  get full(): boolean {
    const full = this.isClosed || this.inCall >= this.capacity
    if (full) this.wasSeenFull = true
    return full
  }

  /** Whether the operator had a reason to stop in this call. */
  get wasFull(): boolean {
    return this.wasSeenFull
  }

  get rowsInCall(): number {
    return this.inCall
  }

  beginCall(isClosed: boolean): void {
    this.inCall = 0
    this.isClosed = isClosed
    this.wasSeenFull = false
  }

  emit(value: unknown, timestamp: number): void {
    this.emitTo(0, value, timestamp)
  }

  emitTo(port: number, value: unknown, timestamp: number): void {
    this.inCall++
    this.ports[port]?.push({ value, timestamp })
  }

  emitBatch(batch: Batch): void {
    for (let row = 0; row < batch.length; row++) this.emit(batch.values[row], batch.timestamps[row] as number)
  }
}
