import type { Sink, Source } from '../../../core/connector.js'
import { defineJob } from '../../../core/job/job.js'
import type { ScriptedSource } from '../../job/scripted-source.js'

/** What the source is told to give goes to the sink; `see` is called for each, and may throw. */
export function copyJob<T>(source: ScriptedSource, sink: Sink<T>, see: (row: T) => void) {
  return defineJob('copy', (job) => {
    job
      // A script holds whatever it is given.
      .from('rows', source as Source<unknown> as Source<T>)
      .map((row) => {
        see(row)
        return row
      })
      .to('out', sink)
  })
}
