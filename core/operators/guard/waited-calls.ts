import type { OperatorContext } from '../operator.js'
import { userError } from '../user-error.js'
import type { CallGuard, GIVEN_UP } from './call-guard.js'

/** What a call is made for: a record that had waited for its time. */
interface Waited {
  readonly record: unknown
  readonly timestamp: number
  /** What is called, for error messages. */
  readonly name: string
}

/**
 * Calls for records that waited in state until a timer fired, in one subtask. With an error policy each is a call by
 * itself: one that fails is given up alone, and not the timer with all that waited for it.
 */
export class WaitedCalls {
  #operatorId = ''
  #guard: CallGuard | undefined

  open({ operatorId, guard }: OperatorContext): void {
    this.#operatorId = operatorId
    this.#guard = guard
  }

  /** Whether a call that fails may be given up, and the others go on. */
  get isGuarded(): boolean {
    return this.#guard !== undefined
  }

  /** What the call gives, or GIVEN_UP: then state, timers and side outputs are as they were before it. */
  one<R>(call: () => R, { record, timestamp, name }: Waited): R | typeof GIVEN_UP {
    if (this.#guard === undefined) return call()
    return this.#guard.attempt(
      () => {
        try {
          return call()
        } catch (thrown) {
          throw userError(thrown, { operatorId: this.#operatorId, call: name, timestamp })
        }
      },
      () => ({ value: record, timestamp, isRecord: true }),
    )
  }
}
