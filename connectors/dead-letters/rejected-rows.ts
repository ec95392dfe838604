import type { DeadLetter, Sink, SinkWriter, WriterContext } from '../../core/connector.js'
import { Batch, NO_TIMESTAMP } from '../../core/element.js'

/** Dead letters on their way into the sink that takes them. */
export class RejectedRows {
  readonly #writer: SinkWriter<DeadLetter>
  readonly #onRoom: { wake: () => void }
  #waiting: DeadLetter[] = []

  private constructor(writer: SinkWriter<DeadLetter>, onRoom: { wake: () => void }) {
    this.#writer = writer
    this.#onRoom = onRoom
  }

  static async open(sink: Sink<DeadLetter>, context: WriterContext): Promise<RejectedRows> {
    const onRoom = { wake: () => context.wake() }
    const writer = await sink.write({ ...context, wake: () => onRoom.wake() })
    return new RejectedRows(writer, onRoom)
  }

  add(letter: DeadLetter): void {
    this.#waiting.push(letter)
  }

  /** Whether all were taken. */
  offer(): boolean {
    if (this.#waiting.length === 0) return true
    const timestamps = this.#waiting.map((letter) => letter.arrivedAt ?? NO_TIMESTAMP)
    const next = this.#writer.write(new Batch(this.#waiting, timestamps), 0)
    this.#waiting = this.#waiting.slice(next)
    return this.#waiting.length === 0
  }

  check(): void {
    this.#writer.check?.()
  }

  onWatermark(watermark: number): void {
    this.#writer.onWatermark?.(watermark)
  }

  async prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    const { wake } = this.#onRoom
    for (;;) {
      const room = new Promise<void>((resolve) => {
        this.#onRoom.wake = () => {
          wake()
          resolve()
        }
      })
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
    return this.#writer.close()
  }
}
