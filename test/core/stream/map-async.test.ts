import { describe, expect, it } from 'vitest'
import { seconds } from '../../../core/duration.js'
import { explain } from '../../../core/job/explain.js'
import { defineJob } from '../../../core/job/job.js'
import { returnedPromise } from '../../../core/operators/user-error.js'
import type { Stream } from '../../../core/stream/stream.js'
import { LedgerSink } from '../../runtime/fixture/ledger-sink.js'
import { type Row, Script } from '../../runtime/fixture/script.js'

function job(build: (rows: Stream<Row>) => Stream<unknown>) {
  return defineJob('async', (job) => build(job.from('rows', new Script())).to('out', new LedgerSink()))
}

const INVALID: [string, object, string][] = [
  ['capacity', { capacity: 0 }, "mapAsync 'ask': capacity is a whole number from 1 on, found 0"],
  ['timeout', { timeout: 1000 }, "mapAsync 'ask': timeout is a duration, such as seconds(10)"],
  ['no time', { timeout: { ms: 0 } }, "mapAsync 'ask': timeout is longer than zero: every call would time out"],
  ['ordered', { ordered: 'no' }, "mapAsync 'ask': ordered is true or false, found string"],
  ['onTimeout', { onTimeout: 1 }, "mapAsync 'ask': onTimeout is a function, found number"],
  ['a name', { ordred: true }, "mapAsync 'ask': there is no option 'ordred'. Did you mean 'ordered'?"],
  ['attempts', { retry: { attempts: 1.5 } }, 'retry: attempts is a whole number from 1 on, found 1.5'],
  ['backoff', { retry: { attempts: 2, backoff: 0.5 } }, 'retry: backoff is a number from 1 on'],
  ['on', { retry: { attempts: 2, on: true } }, 'retry: on is a function, found boolean'],
]

describe('mapAsync in a job', () => {
  it.each(INVALID)('refuses options that are wrong: %s', (_name, options, message) => {
    const wrong = job((rows) => rows.mapAsync('ask', async (value) => value, options))
    expect(() => explain(wrong)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) }),
    )
  })

  it('is explained with what it waits for', () => {
    const options = { ordered: false, capacity: 5, timeout: seconds(3), retry: { attempts: 2 } }
    const text = explain(job((rows) => rows.mapAsync('ask', async (value) => value, options)))
    expect(text).toContain('mapAsync, unordered, capacity 5, timeout 3s, 2 attempts')
  })

  it('is refused on a keyed stream, whose key would be lost', () => {
    const keyed = job((rows) =>
      (rows.keyBy(({ key }) => key) as unknown as Stream<Row>).mapAsync('ask', async (n) => n),
    )
    expect(() => explain(keyed)).toThrow(/what it gives has no key. Write stream.mapAsync/)
  })

  it('is what an error points to when a function that may not wait returns a promise', () => {
    const error = returnedPromise(Promise.resolve(), { operatorId: 'map-1', call: 'map' })
    expect(error.message).toContain('call a service with stream.mapAsync(id, fn)')
  })
})
