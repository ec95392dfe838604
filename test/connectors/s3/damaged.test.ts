import { expect, test } from 'vitest'
import type { S3FaultRule } from '../../servers/s3/index.js'
import { committerOf, openWriter, writeAll } from '../file/support.js'
import { BUCKET, bigRows, checkpointOf, hurried, lineSink, PART, startBucket } from './fixture.js'

const DAMAGES: readonly (readonly [string, S3FaultRule['fault']])[] = [
  ['one bit is wrong', { kind: 'corrupted' }],
  ['the end is missing', { kind: 'truncated' }],
]

test.each(DAMAGES)(
  '%s in the ledger as it is read: it is read again, and no upload that goes on is aborted',
  async (_, fault) => {
    const s3 = await startBucket()
    const sink = lineSink(s3, { rollOnCheckpoint: false, maxBytes: 10 * PART })
    const open = await openWriter(sink, hurried())
    await writeAll(open, bigRows(6000))
    const { committables } = await checkpointOf(open.writer, 1)
    const first = await committerOf(sink, hurried())
    await first.commit(committables)
    await first.close?.()
    const [upload] = s3.uploads(BUCKET)
    s3.faults.add({ operation: 'GetObject', times: 2, fault })
    const next = await committerOf(sink, { ...hurried(), generation: 2 })
    await next.sweep?.()
    await next.close?.()
    expect(s3.faults.injected()).toEqual({ [fault.kind]: 2 })
    expect(s3.uploads(BUCKET)).toMatchObject([{ uploadId: upload!.uploadId }])
  },
)
