import { Batch, type Element } from '../../core/element.js'
import { TidemarkError } from '../../core/errors.js'
import type { Output } from '../../core/operators/operator.js'
import type { Origin } from '../../core/origin.js'

/** Takes elements while it has room: an edge, or the next stage of the chain. */
export interface Outlet {
  readonly hasRoom: boolean
  send(element: Element): void
}

export interface OutputBufferOptions {
  readonly operatorId: string
  /** Readers of each port; a port without readers drops what it is given. */
  readonly outlets: readonly (readonly Outlet[])[]
  /** Rows a port holds before `full`. */
  readonly capacity: number
  /** Rows a port may hold beyond that, from one call of a user's function. */
  readonly overflowLimit: number
}

interface Port {
  readonly outlets: readonly Outlet[]
  readonly queue: Element[]
  /** Rows in `queue` and in the open arrays. */
  rows: number
  values: unknown[]
  timestamps: number[]
  /** Of all rows in the open arrays, undefined when they have several. */
  origin: Origin | undefined
}

/** The output of one stage: elements of each port in order, waiting for room further on. */
export class OutputBuffer implements Output {
  origin: Origin | undefined
  private readonly options: OutputBufferOptions
  private readonly ports: readonly Port[]
  private fullPorts = 0
  private emittedRows = 0

  constructor(options: OutputBufferOptions) {
    this.options = options
    this.ports = options.outlets.map((outlets) => ({
      outlets,
      queue: [],
      rows: 0,
      values: [],
      timestamps: [],
      origin: undefined,
    }))
  }

  get full(): boolean {
    return this.fullPorts > 0
  }

  /** Rows that ports with readers were given since the start. */
  get rowsEmitted(): number {
    return this.emittedRows
  }

  get isEmpty(): boolean {
    for (const port of this.ports) if (port.queue.length > 0 || port.values.length > 0) return false
    return true
  }

  hasReaders(port: number): boolean {
    return (this.ports[port]?.outlets.length ?? 0) > 0
  }

  emit(value: unknown, timestamp: number): void {
    this.emitTo(0, value, timestamp)
  }

  emitTo(index: number, value: unknown, timestamp: number): void {
    const port = this.ports[index]
    if (port === undefined || port.outlets.length === 0) return
    if (port.values.length === 0) port.origin = this.origin
    // Not cut between rows of two batches: small ones cost more than an error's place is worth.
    else if (port.origin !== this.origin) port.origin = undefined
    port.values.push(value)
    port.timestamps.push(timestamp)
    this.grown(port, 1)
  }

  emitBatch(batch: Batch): void {
    const port = this.ports[0]
    if (port === undefined || port.outlets.length === 0 || batch.length === 0) return
    seal(port)
    port.queue.push({ kind: 'batch', batch })
    this.grown(port, batch.length)
  }

  /** Sends a watermark, barrier, idleness or end behind what was emitted, on every port. */
  broadcast(element: Element): void {
    for (const port of this.ports) {
      if (port.outlets.length === 0) continue
      seal(port)
      port.queue.push(element)
    }
  }

  /** Hands on what there is room for. True when nothing is left. */
  flush(): boolean {
    let empty = true
    for (const port of this.ports) {
      seal(port)
      let sent = 0
      while (sent < port.queue.length && hasRoom(port.outlets)) {
        const element = port.queue[sent++] as Element
        if (element.kind === 'batch') this.shrunk(port, element.batch.length)
        for (const outlet of port.outlets) outlet.send(element)
      }
      if (sent > 0) port.queue.splice(0, sent)
      if (port.queue.length > 0) empty = false
    }
    return empty
  }

  private grown(port: Port, rows: number): void {
    const { capacity, overflowLimit, operatorId } = this.options
    const before = port.rows
    port.rows = before + rows
    this.emittedRows += rows
    if (before < capacity && port.rows >= capacity) this.fullPorts++
    if (port.rows > capacity + overflowLimit && rows === 1) {
      throw new TidemarkError({
        code: 'OUTPUT_OVERFLOW',
        domain: 'user',
        operatorId,
        message:
          `operator '${operatorId}' emitted more than ${overflowLimit} rows beyond its full output in one call: ` +
          'return an iterable (a generator) instead, which the engine reads as room comes, or raise outputOverflow',
      })
    }
  }

  private shrunk(port: Port, rows: number): void {
    const before = port.rows
    port.rows = before - rows
    if (before >= this.options.capacity && port.rows < this.options.capacity) this.fullPorts--
  }
}

function seal(port: Port): void {
  if (port.values.length === 0) return
  port.queue.push({ kind: 'batch', batch: new Batch(port.values, port.timestamps, undefined, undefined, port.origin) })
  port.values = []
  port.timestamps = []
}

function hasRoom(outlets: readonly Outlet[]): boolean {
  for (const outlet of outlets) if (!outlet.hasRoom) return false
  return true
}
