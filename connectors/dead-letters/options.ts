import type { DeadLetter, Sink } from '../../core/connector.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'

/**
 * What a sink does with a row that can never be written. `fail` stops the job at it. `skip` drops it. `deadLetters` hands
 * it to another sink, such as `fileSink(...)`, as part of the same checkpoints. All are counted.
 */
export type OnRejected = 'fail' | 'skip' | { readonly deadLetters: Sink<DeadLetter> }

/** @throws TidemarkError OPTION_INVALID */
export function requireOnRejected(where: string, onRejected: OnRejected): void {
  if (onRejected === 'fail' || onRejected === 'skip') return
  if (typeof onRejected !== 'object' || onRejected === null) {
    throw optionInvalid(where, `onRejected is 'fail', 'skip' or { deadLetters: a sink }, found ${String(onRejected)}`)
  }
  requireKnownOptions(`${where}: onRejected`, onRejected, { deadLetters: true })
  if (typeof onRejected.deadLetters?.write === 'function') return
  throw optionInvalid(where, 'onRejected.deadLetters is a sink, such as fileSink(...)')
}
