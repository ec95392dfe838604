import type { Environment } from '../../core/environment.js'

/** Calls of storage that are on their way: whoever deletes what they may leave awaits them first. */
export class InFlight {
  private readonly writes = new Set<Promise<unknown>>()

  get count(): number {
    return this.writes.size
  }

  track<R>(write: Promise<R>): Promise<R> {
    this.writes.add(write)
    const settle = (): void => void this.writes.delete(write)
    write.then(settle, settle)
    return write
  }

  /** Those of now are over, well or not. Storage may never answer: not for longer than that. */
  async settled({ timers }: Environment, withinMs: number): Promise<void> {
    if (this.writes.size === 0) return
    await new Promise<void>((resolve) => {
      const cancel = timers.after(withinMs, resolve)
      void Promise.allSettled(this.writes).then(() => {
        cancel()
        resolve()
      })
    })
  }
}
