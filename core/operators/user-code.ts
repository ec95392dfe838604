import type { FunctionContext } from '../context.js'
import type { LifeCycle } from './functions.js'
import type { OperatorContext } from './operator.js'
import { userError } from './user-error.js'

/** The life cycle of one user function in one subtask. */
export class UserCode<C> {
  readonly #hooks: LifeCycle<C> | undefined
  #operatorId = ''
  #isOpen = false
  /** What `open` gave; undefined without one, as the types of a function without `open` say. */
  opened = undefined as C

  constructor(hooks: LifeCycle<C> | undefined) {
    this.#hooks = hooks
  }

  open(context: OperatorContext): void | Promise<void> {
    this.#operatorId = context.operatorId
    if (this.#hooks === undefined || context.declaresOnly) return
    return this.#open(this.#hooks, functionContext(context))
  }

  async #open(hooks: LifeCycle<C>, context: FunctionContext): Promise<void> {
    try {
      // Without `open` the function's C is undefined.
      this.opened = (await hooks.open?.(context)) as C
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#operatorId, call: 'open' })
    }
    this.#isOpen = true
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      await this.#hooks?.close?.(this.opened)
    } catch (thrown) {
      throw userError(thrown, { operatorId: this.#operatorId, call: 'close' })
    }
  }
}

/** Only what a user may rely on: the engine's own part of the context stays hidden. */
export function functionContext(context: OperatorContext): FunctionContext {
  const { operatorId, subtask, logger, metrics, parameters, signal } = context
  return Object.freeze({ operatorId, subtask, logger, metrics, parameters, signal })
}
