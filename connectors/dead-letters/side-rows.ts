import type { Sink, SinkWriter, WriterContext } from '../../core/connector.js'
import { Batch } from '../../core/element.js'
import { sinkClosed } from '../sink-closed.js'

/** Rows on their way into a sink beside another one. */
export class SideRows<R> {
  readonly #writer: SinkWriter<R>
  readonly #onRoom: { wake: () => void }
  readonly #operatorId: string
  /** Of who waits for room at a barrier. */
  #giveUp: (() => void) | undefined
  #closed = false
  #waiting: R[] = []
  #timestamps: number[] = []
  /** Of what waits some may be older: it is said behind them. */
  #watermark: number | undefined

  private constructor(writer: SinkWriter<R>, onRoom: { wake: () => void }, operatorId: string) {
    this.#writer = writer
    this.#onRoom = onRoom
    this.#operatorId = operatorId
  }

  static async open<R>(sink: Sink<R>, context: WriterContext): Promise<SideRows<R>> {
    const onRoom = { wake: () => context.wake() }
    const writer = await sink.write({ ...context, wake: () => onRoom.wake() })
    return new SideRows(writer, onRoom, context.operatorId)
  }

  add(row: R, timestamp: number): void {
    this.#waiting.push(row)
    this.#timestamps.push(timestamp)
  }

  /** Whether all were taken. */
  offer(): boolean {
    if (this.#waiting.length > 0) {
      const next = this.#writer.write(new Batch(this.#waiting, this.#timestamps), 0)
      this.#waiting = this.#waiting.slice(next)
      this.#timestamps = this.#timestamps.slice(next)
    }
    if (this.#waiting.length > 0) return false
    if (this.#watermark !== undefined) this.#writer.onWatermark?.(this.#watermark)
    this.#watermark = undefined
    return true
  }

  check(): void {
    this.#writer.check?.()
  }

  onWatermark(watermark: number): void {
    this.#watermark = watermark
    this.offer()
  }

  async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    const { wake } = this.#onRoom
    for (;;) {
      const room = new Promise<void>((resolve) => {
        this.#giveUp = resolve
        this.#onRoom.wake = () => {
          wake()
          resolve()
        }
      })
      if (this.#closed) throw sinkClosed(this.#operatorId)
      if (this.offer()) break
      await room
    }
    this.#onRoom.wake = wake
    return this.#writer.prepareCommit(checkpointId)
  }

  snapshot(): readonly unknown[] {
    return this.#writer.snapshot?.() ?? []
  }

  close(): void | Promise<void> {
    this.#closed = true
    this.#giveUp?.()
    return this.#writer.close()
  }
}
