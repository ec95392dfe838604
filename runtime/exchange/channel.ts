import type { Element } from '../../core/element.js'

/** What a sender sees. */
export interface ChannelSender {
  /** False: offer nothing now; `onRoom` is called when that changes. */
  readonly hasRoom: boolean
  /** Takes the element even without room (a batch is never cut), so the bound is exceeded by one batch at most. */
  send(element: Element): void
}

/** What a receiver sees. */
export interface ChannelReceiver {
  peek(): Element | undefined
  receive(): Element | undefined
  /** Rows that wait. */
  readonly queuedRows: number
}

export interface ChannelOptions {
  /** In rows; every other element counts as one. */
  readonly capacity: number
  readonly onData: () => void
  readonly onRoom: () => void
}

/** A bounded queue between two subtasks on one event loop. Elements are handed over by reference. */
export class LocalChannel implements ChannelSender, ChannelReceiver {
  private readonly options: ChannelOptions
  private queue: Element[] = []
  private head = 0
  private rows = 0

  constructor(options: ChannelOptions) {
    this.options = options
  }

  get hasRoom(): boolean {
    return this.rows < this.options.capacity
  }

  get queuedRows(): number {
    return this.rows
  }

  send(element: Element): void {
    const last = this.queue.length > this.head ? this.queue[this.queue.length - 1] : undefined
    // A watermark behind another, with nothing between them, makes that one pointless; so a slow receiver's queue of
    // watermarks stays bounded.
    if (element.kind === 'watermark' && last?.kind === 'watermark') this.queue[this.queue.length - 1] = element
    else {
      this.queue.push(element)
      this.rows += weightOf(element)
    }
    if (last === undefined) this.options.onData()
  }

  peek(): Element | undefined {
    return this.queue[this.head]
  }

  receive(): Element | undefined {
    const element = this.queue[this.head]
    if (element === undefined) return undefined
    this.head++
    if (this.head === this.queue.length) {
      this.queue = []
      this.head = 0
    } else if (this.head >= 64 && this.head * 2 >= this.queue.length) {
      this.queue = this.queue.slice(this.head)
      this.head = 0
    }
    const hadRoom = this.hasRoom
    this.rows -= weightOf(element)
    if (!hadRoom && this.hasRoom) this.options.onRoom()
    return element
  }
}

function weightOf(element: Element): number {
  return element.kind === 'batch' ? element.batch.length : 1
}
