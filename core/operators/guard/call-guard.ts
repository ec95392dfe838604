import type { DeadLetter } from '../../connector.js'
import type { Counter } from '../../context.js'
import type { TidemarkError } from '../../errors.js'
import type { Origin } from '../../origin.js'
import { Journal } from '../../state/journal.js'
import type { OperatorContext, Output } from '../operator.js'
import { CapturedOutput } from './captured-output.js'
import type { ErrorPolicy } from './error-policy.js'
import { causeOf, isOfRecord } from './failure.js'
import { recordBytes } from './record-bytes.js'

/** The side output of dead letters, and the property of the result. */
export const FAILED_OUTPUT = 'failed'

/** Instead of what a call gives. */
export const GIVEN_UP: unique symbol = Symbol('given up')

/** Causes that are counted apart; what comes after them is counted together. */
const MOST_CAUSES = 20

/** What a call was made for. */
export interface Subject {
  /** What somebody needs to do it again: the record, or key and time of a timer or window. */
  readonly value: unknown
  readonly timestamp: number
  /** Of the record's batch. */
  readonly origin?: Origin | undefined
  readonly position?: number
  /** Whether `value` is a record that the step got, and not made of several or of none. Default: whether it has a position. */
  readonly isRecord?: boolean
}

/**
 * Carries out the error policy of one step in one subtask.
 *
 * 1. A call that fails leaves nothing behind: neither rows, in any output, nor changes of state or timers. An attempt begins
 *    where the first one began.
 * 2. What it was made for is skipped or becomes a dead letter, once, and everything after it goes on.
 * 3. What is wrong with the job itself (a promise where a value is expected) fails the task whatever the policy.
 */
export class CallGuard {
  readonly policy: ErrorPolicy
  readonly journal = new Journal()
  /** Where the calls of operators that emit in them write. */
  captured!: CapturedOutput
  #context!: OperatorContext
  #output: Output | undefined
  #port = -1
  #final: TidemarkError | undefined
  #givenUp = 0
  #passed = 0
  /** By cause. */
  readonly #given = new Map<string, Counter>()
  readonly #retried = new Map<string, Counter>()

  constructor(policy: ErrorPolicy) {
    this.policy = policy
  }

  open(context: OperatorContext): void {
    this.#context = context
    this.captured = new CapturedOutput(context.operatorId)
    this.#port = this.policy.action === 'deadLetter' ? context.portOf(FAILED_OUTPUT) : -1
  }

  /** How often it has gone on without something: a caller sees by it that its call, or one within it, has failed for good. */
  get givenUp(): number {
    return this.#givenUp
  }

  /** Rows of calls of `run` that have gone on. */
  get passed(): number {
    return this.#passed
  }

  /** Where rows and dead letters go during a call of the operator. Undefined behind it. */
  set output(output: Output | undefined) {
    this.#output = output
  }

  /**
   * Makes a call whose rows go to `captured`, and hands them on when it has returned.
   * @param subject asked for when the call has failed for good
   */
  run(call: () => void, subject: () => Subject): void {
    const isOutermost = this.captured.length === 0
    this.attempt(call, subject)
    if (!isOutermost || this.#output === undefined) return
    this.#passed += this.captured.length
    this.captured.flushTo(this.#output)
  }

  /** What the call gives, or GIVEN_UP: it has failed for good, and that is taken care of. May be part of another call. */
  attempt<R>(call: () => R, subject: () => Subject): R | typeof GIVEN_UP {
    const { journal, policy, captured } = this
    const { clock } = this.#context.environment
    const rows = captured.length
    const startedAt = policy.attempts > 1 ? clock.monotonic() : 0
    for (let attempt = 1; ; attempt++) {
      const mark = journal.begin()
      try {
        const result = call()
        journal.commit()
        return result
      } catch (thrown) {
        journal.rollback(mark)
        captured.truncate(rows)
        if (!isOfRecord(thrown) || thrown === this.#final) throw thrown
        const isLast = attempt >= policy.attempts || clock.monotonic() - startedAt >= policy.maxAgeMs
        if (isLast) {
          this.giveUp(thrown, subject())
          return GIVEN_UP
        }
        this.#count(this.#retried, 'retriedCalls', thrown)
      }
    }
  }

  /** The end of a record that cannot be processed. @throws `error` where the policy is to fail */
  giveUp(error: TidemarkError, subject: Subject): void {
    if (this.policy.action === 'fail') {
      // Calls around this one do not try it again.
      this.#final = error
      throw error
    }
    this.#givenUp++
    if (this.policy.action === 'skip') {
      this.#count(this.#given, 'skippedRecords', error)
      return
    }
    this.#count(this.#given, 'deadLetters', error)
    if (this.#port > 0) this.#output?.emitTo(this.#port, this.#letterOf(error, subject), subject.timestamp)
  }

  #letterOf(error: TidemarkError, subject: Subject): DeadLetter {
    const { operatorId, environment } = this.#context
    const { value, origin, position, isRecord = position !== undefined } = subject
    return {
      operatorId,
      split: origin?.split ?? '',
      offset: String(origin?.offsetOf(position ?? 0) ?? ''),
      code: error.code,
      message: error.message,
      raw: recordBytes(value),
      isPart: !isRecord,
      arrivedAt: undefined,
      partitionKey: undefined,
      explicitHashKey: undefined,
      rejectedAt: environment.clock.now(),
    }
  }

  #count(counters: Map<string, Counter>, name: string, error: TidemarkError): void {
    const found = causeOf(error)
    const cause = counters.size < MOST_CAUSES || counters.has(found) ? found : 'other'
    let counter = counters.get(cause)
    if (counter === undefined) {
      counter = this.#context.metrics.counter(name, { cause })
      counters.set(cause, counter)
    }
    counter.add()
  }
}
