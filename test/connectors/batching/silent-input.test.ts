import { expect, test } from 'vitest'
import { type BatchAnswer, batchSink } from '../../../connectors/batch/index.js'
import { generator } from '../../../connectors/collection/index.js'
import { millis } from '../../../core/duration.js'
import { defineJob } from '../../../core/job/job.js'
import { run } from '../../../runtime/run.js'

type Write = (rows: readonly number[]) => Promise<BatchAnswer>

test.each<[string, Write, string]>([
  ['fails for good', async () => ({ fail: 'the token is not valid' }), 'BATCH_WRITE_FAILED'],
  ['gives what is no answer', async () => 7 as unknown as BatchAnswer, 'BATCH_RESULT_INVALID'],
  ['rejects a row', async (rows) => rows.map(() => ({ reject: 'too old' })), 'BATCH_ROW_REJECTED'],
])('a service that %s fails the job, however long nothing more comes that could be written', async (_, write, code) => {
  const job = defineJob('silent', (builder) => {
    // The first rows at once, the next one after minutes; no checkpoint either.
    const rows = builder.from('rows', generator({ make: (index) => index, count: 100, rate: 0.005 }))
    rows.to('out', batchSink<number>('service', { write, maxAge: millis(1) }))
  })
  const handle = await run(job, { parallelism: 1 })
  await expect(handle.result).rejects.toMatchObject({ code })
})
