import type { DeadLetter, Sink, SinkWriter, WriterContext } from '../../core/connector.js'
import { NO_TIMESTAMP } from '../../core/element.js'
import type { OnRejected } from './options.js'
import { withSideSink } from './with-side-sink.js'

/** Gives up a row: throws `problem` where the job is to fail. */
export type Reject = (letter: DeadLetter, problem: Error) => void

/** A sink that finds rows which can never be written. */
export interface RejectingSink<in T> extends Omit<Sink<T>, 'write'> {
  /** @param reject may be called at any time up to the end of `prepareCommit`, also from within `write` */
  write(context: WriterContext, reject: Reject): SinkWriter<T> | Promise<SinkWriter<T>>
}

/** The sink with a way out for what it cannot write. */
export function withDeadLetters<T>(sink: RejectingSink<T>, onRejected: OnRejected): Sink<T> {
  if (onRejected === 'fail') {
    const failing: Reject = (_, problem) => {
      throw problem
    }
    return { ...sink, write: (context) => sink.write(context, failing) }
  }
  if (onRejected === 'skip') {
    // The sink itself counts what it rejects.
    return { ...sink, write: (context) => sink.write(context, () => undefined) }
  }
  return withSideSink<T, DeadLetter>(
    {
      ...sink,
      write: (context, give) => sink.write(context, (letter) => give(letter, letter.arrivedAt ?? NO_TIMESTAMP)),
    },
    { sink: onRejected.deadLetters, rows: 'rejected rows', suffix: 'rejected', mark: 'ofDeadLetters' },
  )
}
