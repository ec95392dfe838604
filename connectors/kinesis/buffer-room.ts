import { Pause } from './pause.js'
import type { FetcherOptions } from './shard-fetcher.js'

/** Whether there is room to fetch into, and the wait until there is: what nobody polls costs no more memory. */
export class BufferRoom {
  readonly #options: Pick<FetcherOptions, 'numbers' | 'buffered'>
  readonly #pause: Pause

  constructor(options: Pick<FetcherOptions, 'numbers' | 'buffered' | 'context'>) {
    this.#options = options
    this.#pause = new Pause(options.context.environment.timers)
  }

  /** Records that fit. */
  get records(): number {
    return this.#options.numbers.bufferRecords - this.#options.buffered().count
  }

  get isThere(): boolean {
    return this.records > 0 && this.#options.buffered().bytes < this.#options.numbers.bufferBytes
  }

  wait(): Promise<void> {
    return this.#pause.wait(undefined)
  }

  onPolled(): void {
    if (this.isThere) this.#pause.end()
  }

  /** Whether or not there is room. */
  release(): void {
    this.#pause.end()
  }
}
