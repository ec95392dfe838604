import { describe, expect, test } from 'vitest'
import type { Sink } from '../../../core/connector.js'
import type { LocalS3, S3FaultRule } from '../../servers/s3/index.js'
import { committerOf, openWriter, writeAll } from '../file/support.js'
import { BUCKET, bigRows, checkpointOf, dataKeys, hurried, lineSink, numbersIn, startBucket, upTo } from './fixture.js'

/** Generation 1 wrote `rows` rows, took checkpoint 1 and was killed: its writer is abandoned. */
async function killedAfterCheckpoint(s3: LocalS3, rows = 10) {
  const sink = lineSink(s3)
  const open = await openWriter(sink, hurried())
  await writeAll(open, bigRows(rows))
  return { sink, open, ...(await checkpointOf(open.writer, 1)) }
}

async function commit(sink: Sink<unknown>, committables: readonly unknown[], generation = 1): Promise<void> {
  const committer = await committerOf(sink, { ...hurried(), generation })
  try {
    await committer.commit(committables)
  } finally {
    await committer.close?.()
  }
}

async function sweep(sink: Sink<unknown>, attempt: { readonly generation: number; readonly lineage?: string }) {
  const warnings: string[] = []
  const committer = await committerOf(sink, { ...hurried(), ...attempt, onWarning: (text) => warnings.push(text) })
  await committer.sweep?.()
  await committer.close?.()
  return warnings
}

test('an object appears, whole, with the commit and not before', async () => {
  const s3 = await startBucket()
  const { sink, open, committables } = await killedAfterCheckpoint(s3, 12_000)
  expect(dataKeys(s3)).toEqual([])
  expect(s3.uploads(BUCKET)).toMatchObject([{ parts: [{ number: 1 }, { number: 2 }, { number: 3 }] }])
  await commit(sink, committables)
  expect(dataKeys(s3)).toEqual([expect.stringMatching(/^trips\/part-a1-1-0-0-0-[0-9a-f]{8}\.jsonl$/)])
  expect(numbersIn(s3)).toEqual(upTo(12_000))
  await open.writer.close()
  expect(s3.uploads(BUCKET)).toEqual([])
})

test('what was committed may be committed again, by another process too', async () => {
  const s3 = await startBucket()
  const { sink, committables } = await killedAfterCheckpoint(s3)
  await Promise.all([commit(sink, committables), commit(sink, committables, 2), commit(sink, committables, 3)])
  await commit(sink, committables)
  expect(numbersIn(s3)).toEqual(upTo(10))
})

const BAD_ANSWERS: readonly (readonly [string, S3FaultRule])[] = [
  [
    'the answer of the completion is lost',
    { operation: 'CompleteMultipartUpload', times: 1, fault: { kind: 'replyLost' } },
  ],
  ['200 with an error in its body', { operation: 'CompleteMultipartUpload', times: 2, fault: { kind: 'errorInBody' } }],
  ['the connection breaks before', { operation: 'CompleteMultipartUpload', times: 2, fault: { kind: 'resetBefore' } }],
  ['slow down', { operation: 'CompleteMultipartUpload', times: 3, fault: { kind: 'slowDown' } }],
  ['answers of everything are lost', { nth: [1, 3, 5, 7], fault: { kind: 'replyLost' } }],
]

test.each(BAD_ANSWERS)('%s: committed once', async (_, fault) => {
  const s3 = await startBucket()
  const { sink, committables } = await killedAfterCheckpoint(s3)
  s3.faults.add(fault)
  await commit(sink, committables)
  expect(Object.values(s3.faults.injected()).some((times) => times > 0)).toBe(true)
  expect(numbersIn(s3)).toEqual(upTo(10))
  expect(s3.uploads(BUCKET)).toEqual([])
})

test.each(['UploadPart', 'CreateMultipartUpload'] as const)(
  'a lost answer of %s leaves no upload behind',
  async (operation) => {
    const s3 = await startBucket()
    s3.faults.add({ operation, times: 1, fault: { kind: 'replyLost' } })
    const { sink, open, committables } = await killedAfterCheckpoint(s3)
    await commit(sink, committables)
    await open.writer.close()
    expect(numbersIn(s3)).toEqual(upTo(10))
    expect(s3.uploads(BUCKET)).toEqual([])
  },
)

describe('what cannot be committed is an error that says why', () => {
  test('an upload that expired between checkpoint and restore is named', async () => {
    const s3 = await startBucket()
    const { sink, committables } = await killedAfterCheckpoint(s3)
    const [upload] = s3.uploads(BUCKET)
    s3.expireUpload(BUCKET, upload!.uploadId)
    await expect(commit(sink, committables, 2)).rejects.toMatchObject({
      code: 'COMMITTABLE_MISSING',
      retryable: false,
      operatorId: 'op',
      message: expect.stringContaining(`${upload!.uploadId} of s3://lake/${upload!.key} (10 rows)`),
    })
  })

  test('an object of the same name and size with other contents', async () => {
    const s3 = await startBucket()
    const { sink, committables } = await killedAfterCheckpoint(s3)
    await commit(sink, committables)
    const [good] = dataKeys(s3)
    const other = await startBucket()
    const foreign = await killedAfterCheckpoint(other)
    other.expireUpload(BUCKET, other.uploads(BUCKET)[0]!.uploadId)
    const { localS3Client } = await import('../../servers/s3/client.js')
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const client = localS3Client(other)
    const size = s3.read(BUCKET, good!)!.length
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: good!, Body: 'y'.repeat(size) }))
    client.destroy()
    await expect(commit(foreign.sink, foreign.committables)).rejects.toMatchObject({ code: 'COMMIT_CONFLICT' })
  })

  test('the bucket is missing, or may not be written', async () => {
    const s3 = await startBucket()
    const sink = lineSink(s3, { to: 's3://nowhere/x' })
    await expect(sweep(sink, { generation: 1 })).rejects.toMatchObject({ code: 'S3_BUCKET_MISSING' })
    s3.faults.add({ operation: 'ListMultipartUploads', fault: { kind: 'accessDenied' } })
    await expect(sweep(lineSink(s3), { generation: 1 })).rejects.toMatchObject({
      code: 'S3_FORBIDDEN',
      message: expect.stringContaining('s3:ListBucketMultipartUploads'),
    })
  })

  test.each([{}, { version: 2 }, { version: 1, key: 'other/part-a1-1-0-0-0-00000000.jsonl' }, 7])(
    'a committable that no sink made (%#)',
    async (found) => {
      const s3 = await startBucket()
      await expect(commit(lineSink(s3), [found])).rejects.toMatchObject({ code: 'COMMITTABLE_INVALID' })
    },
  )
})

describe('sweep', () => {
  test('aborts what earlier generations of this lineage and sink left, and nothing else', async () => {
    const s3 = await startBucket()
    const left = async (options: object, attempt: { generation: number; lineage?: string; operatorId?: string }) => {
      const { writer, bell } = await openWriter(lineSink(s3, options), { ...hurried(), ...attempt })
      await writeAll({ writer, bell }, bigRows(3))
      await writer.prepareCommit(1)
    }
    await left({}, { generation: 1 })
    await left({}, { generation: 2 })
    await left({}, { generation: 3 })
    await left({}, { generation: 1, lineage: 'b2' })
    await left({}, { generation: 1, operatorId: 'other' })
    await left({ to: `s3://${BUCKET}/elsewhere` }, { generation: 1 })
    const warnings = await sweep(lineSink(s3), { generation: 3 })
    const keys = s3.uploads(BUCKET).map(({ key }) => key)
    expect(keys.filter((key) => key.startsWith('trips/part-a1-'))).toHaveLength(2)
    expect(keys.filter((key) => key.startsWith('trips/part-a1-3-'))).toHaveLength(1)
    expect(keys.filter((key) => key.startsWith('trips/part-b2-1-'))).toHaveLength(1)
    expect(keys.filter((key) => key.startsWith('elsewhere/'))).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('other lineages')])
  })

  test('a writer that closes aborts what no checkpoint has, and nothing else', async () => {
    const s3 = await startBucket()
    const { sink, open, committables } = await killedAfterCheckpoint(s3)
    await writeAll(open, bigRows(6000, 10))
    await open.writer.close()
    expect(s3.uploads(BUCKET)).toHaveLength(1)
    await commit(sink, committables)
    expect(numbersIn(s3)).toEqual(upTo(10))
  })
})

describe('going back to an older point', () => {
  const point = (generation: number, checkpointId: number) => ({ lineage: 'a1', generation, checkpointId })

  test('is told from what was committed since, as long as that is there', async () => {
    const s3 = await startBucket()
    const sink = lineSink(s3)
    const open = await openWriter(sink, hurried())
    const committer = await committerOf(sink, hurried())
    expect(await committer.committedAfter?.(point(1, 1))).toBeUndefined()
    for (const id of [1, 2, 3]) {
      await writeAll(open, bigRows(2, id))
      await committer.commit(await open.writer.prepareCommit(id))
    }
    const last = dataKeys(s3).at(-1)!
    const asked = await committerOf(sink, { ...hurried(), lineage: 'fork' })
    expect(await asked.committedAfter?.(point(1, 3))).toBeUndefined()
    expect(await asked.committedAfter?.(point(2, 1))).toBeUndefined()
    expect(await asked.committedAfter?.({ ...point(1, 1), lineage: 'b2' })).toBeUndefined()
    expect(await asked.committedAfter?.(point(1, 2))).toBe(`s3://lake/${last}`)
    expect(await asked.committedAfter?.(point(1, 1))).toBe(`s3://lake/${last}`)
    expect(await asked.committedAfter?.(point(0, 9))).toBe(`s3://lake/${last}`)
    s3.remove(BUCKET, last)
    expect(await asked.committedAfter?.(point(1, 2))).toBeUndefined()
    expect(await asked.committedAfter?.(point(1, 1))).toBe(`s3://lake/${dataKeys(s3)[1]}`)
    await open.writer.close()
  })

  test('the ledger of commits is one object', async () => {
    const s3 = await startBucket()
    const sink = lineSink(s3)
    const open = await openWriter(sink, hurried())
    for (const id of [1, 2, 3]) {
      await writeAll(open, bigRows(2, id))
      await commit(sink, await open.writer.prepareCommit(id))
    }
    expect(s3.keys(BUCKET).filter((key) => key.includes('_tidemark/'))).toEqual([
      expect.stringMatching(/^trips\/_tidemark\/[0-9a-f]{8}\/ledger-a1-0000000001-0000000003\.json$/),
    ])
    await open.writer.close()
  })
})
