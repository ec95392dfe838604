import { describe, expect, it } from 'vitest'
import { defineJob, type Job } from '../../../core/job/job.js'
import type { JobHandle } from '../../../runtime/local/handle.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { eventTime, expectNoTimers, start } from '../fixture/start.js'

const ENDS: [string, (handle: JobHandle) => Promise<unknown>][] = [
  ['stop', (handle) => handle.stop()],
  ['cancel', (handle) => handle.cancel()],
]

describe('the signal of a call that has no answer', () => {
  it.each(ENDS)('aborts when the job is stopped or cancelled: %s', async (_name, end) => {
    const signals: AbortSignal[] = []
    const sink = new LedgerSink<Row>()
    const job = defineJob('async', (build) => {
      build
        .from('rows', new Script({ intervalMs: 1000 }).push('a', row(1)), eventTime())
        .mapAsync('ask', (_value, { signal }) => {
          signals.push(signal)
          return new Promise<Row>(() => undefined)
        })
        .to('out', sink)
    }) as Job<unknown>
    const { handle, environment } = await start(job)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    await end(handle)
    await environment.settle()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expectNoTimers(environment)
  })
})
