import type { Environment } from '../../core/environment.js'

/** One wait at a time, which anybody may end early. */
export class Pause {
  readonly #timers: Environment['timers']
  #end: (() => void) | undefined

  constructor(timers: Environment['timers']) {
    this.#timers = timers
  }

  /** Undefined: until `end` is called. */
  wait(delayMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const cancel = delayMs === undefined ? undefined : this.#timers.after(delayMs, () => this.#end?.())
      this.#end = () => {
        this.#end = undefined
        cancel?.()
        resolve()
      }
    })
  }

  end(): void {
    this.#end?.()
  }
}
