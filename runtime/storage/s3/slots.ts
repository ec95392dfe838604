/** Lets so many through at once; the others wait in order. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async use<R>(action: () => Promise<R>): Promise<R> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await action()
    } finally {
      // Handed over rather than freed: who waits comes before who asks next.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}
