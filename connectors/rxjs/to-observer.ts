import type { Observer } from 'rxjs'
import type { Sink } from '../../core/connector.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { optionInvalid } from '../../core/options.js'

/**
 * Hands each row to an rxjs observer or subject. At-least-once: rows are handed on as they come, so a restart hands on
 * those since the last checkpoint again. The observer is never completed: the job's handle tells when the job ends.
 */
export function toObserver<T>(observer: Pick<Observer<T>, 'next'>): Sink<T> {
  if (typeof observer?.next !== 'function') {
    throw optionInvalid('toObserver', 'expected an observer or subject, an object with next(...)')
  }
  return {
    kind: 'rxjs',
    guarantee: 'at-least-once',
    write: (context) => ({
      write(batch, from) {
        for (let row = from; row < batch.length; row++) {
          try {
            observer.next(batch.values[row]!)
          } catch (thrown) {
            throw new TidemarkError({
              code: 'USER_FUNCTION_FAILED',
              domain: 'user',
              retryable: true,
              operatorId: context.operatorId,
              message: `sink '${context.operatorId}': the observer threw: ${messageOf(thrown)}`,
              cause: thrown,
            })
          }
        }
        return batch.length
      },
      prepareCommit: () => [],
      close: () => undefined,
    }),
  }
}
