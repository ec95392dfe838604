import { type Duration, seconds } from '../../core/duration.js'
import type { CancelTimer, Environment } from '../../core/environment.js'
import { systemEnvironment } from '../../runtime/environment/system.js'
import type { VirtualEnvironment } from '../../runtime/environment/virtual.js'

/** How much virtual time passes in one look, and real time at most. */
const VIRTUAL_STEP_MS = 50
const REAL_STEP_MS = 2
/** Looks without any progress before patience can end: a machine that stood still for a while is no fault. */
const LEAST_LOOKS = 25

/** Time as a check sees it: waits for something to happen, in real or virtual time, and knows which timers are set. */
export class Patience {
  readonly environment: Environment
  readonly #source: Environment
  readonly #patienceMs: number
  readonly #timers = new Set<object>()

  constructor(environment: Environment | undefined, patience: Duration | undefined) {
    this.#source = environment ?? systemEnvironment()
    this.#patienceMs = (patience ?? seconds(10)).ms
    const { timers } = this.#source
    const after = (delayMs: number, callback: () => void): CancelTimer => {
      const pending = {}
      this.#timers.add(pending)
      const cancel = timers.after(delayMs, () => {
        this.#timers.delete(pending)
        callback()
      })
      return () => {
        this.#timers.delete(pending)
        cancel()
      }
    }
    // Nothing of it may get lost: the methods of a class are not its own properties.
    this.environment = {
      clock: this.#source.clock,
      random: this.#source.random,
      timers: { after },
      nonce: () => this.#source.nonce(),
      yield: () => this.#source.yield(),
    }
  }

  /** Timers that were set, and neither fired nor were cancelled. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** One look later. */
  async step(): Promise<void> {
    if (isVirtual(this.#source)) await this.#source.advance(VIRTUAL_STEP_MS)
    else await new Promise((resolve) => setTimeout(resolve, REAL_STEP_MS))
  }

  /**
   * Looks until `isDone`; false when patience ended first. It begins anew whenever `progress` gives something else.
   */
  async until(isDone: () => boolean, progress: () => number = () => 0): Promise<boolean> {
    let before = progress()
    let [since, looks] = [performance.now(), 0]
    while (!isDone()) {
      if (performance.now() - since > this.#patienceMs && looks >= LEAST_LOOKS) return false
      await this.step()
      looks++
      const now = progress()
      if (now !== before) [before, since, looks] = [now, performance.now(), 0]
    }
    return true
  }

  /** Some looks, to see that nothing happens, or to let happen what need not. */
  async aWhile(isDone: () => boolean = () => false): Promise<void> {
    // Virtual time passes as fast as one likes.
    const most = isVirtual(this.#source) ? LEAST_LOOKS / 5 : LEAST_LOOKS
    for (let looks = 0; looks < most && !isDone(); looks++) await this.step()
  }

  /** What a promise gives; undefined when patience ended first. What it throws is thrown. */
  async settled<R>(work: Promise<R>): Promise<{ readonly value: R } | undefined> {
    let outcome: { readonly value: R } | { readonly error: unknown } | undefined
    work.then(
      (value) => {
        outcome = { value }
      },
      (error: unknown) => {
        outcome = { error }
      },
    )
    if (!(await this.until(() => outcome !== undefined)) || outcome === undefined) return undefined
    if ('error' in outcome) throw outcome.error
    return outcome
  }
}

function isVirtual(environment: Environment): environment is VirtualEnvironment {
  return 'advance' in environment
}
