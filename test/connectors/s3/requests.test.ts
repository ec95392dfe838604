import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { jsonLines } from '../../../connectors/file/index.js'
import { type S3SinkEncryption, s3Sink } from '../../../connectors/s3/index.js'
import { localS3Client } from '../../servers/s3/client.js'
import type { LocalS3 } from '../../servers/s3/index.js'
import { committerOf, openWriter, writeAll } from '../file/support.js'
import { BUCKET, bigRows, dataKeys, hurried, lineSink, numbersIn, PART, startBucket, upTo } from './fixture.js'

function clientOf(s3: LocalS3): S3Client {
  const client = localS3Client(s3)
  onTestFinished(() => client.destroy())
  return client
}

interface ObjectOptions {
  readonly encryption?: S3SinkEncryption
  readonly storageClass?: string
}

/** What a year's folder with rows, its mark, and what the sink keeps beside them were stored with. */
async function storedWith(options: ObjectOptions) {
  const s3 = await startBucket()
  const sink = lineSink<unknown>(s3, {
    ...{ prefix: '!{timestamp:yyyy}', eventTime: () => 0, successMarkers: true },
    ...options,
  })
  const open = await openWriter(sink, hurried())
  await writeAll(open, bigRows(2))
  open.writer.onWatermark?.(Number.POSITIVE_INFINITY)
  const committer = await committerOf(sink, hurried())
  await committer.commit(await open.writer.prepareCommit(1))
  await committer.close?.()
  await open.writer.close()
  expect(s3.keys(BUCKET)).toEqual([
    'trips/1970/_SUCCESS',
    expect.stringMatching(/^trips\/1970\/part-.*\.jsonl$/),
    expect.stringMatching(/^trips\/_tidemark\/.*\/ledger-.*\.json$/),
  ])
  const client = clientOf(s3)
  const heads = s3.keys(BUCKET).map((Key) => client.send(new HeadObjectCommand({ Bucket: BUCKET, Key })))
  const [mark, rows, ledger] = await Promise.all(heads)
  return { mark, rows, ledger }
}

describe('what objects are stored with', () => {
  test('a key of KMS is that of all that the sink writes: a bucket may refuse anything else', async () => {
    const encryption = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'alias/lake' }
    const stored = await storedWith({ encryption: { kind: 'SSE-KMS', keyId: 'alias/lake' } })
    expect(stored).toMatchObject({ mark: encryption, rows: encryption, ledger: encryption })
  })

  test('without a key S3 takes the one that AWS manages', async () => {
    const stored = await storedWith({ encryption: { kind: 'SSE-KMS' } })
    const encryption = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: expect.stringMatching(/aws-s3$|aws\/s3$/) }
    expect(stored).toMatchObject({ mark: encryption, rows: encryption, ledger: encryption })
  })

  test('the class of storage is that of the rows: what the sink reads itself stays at hand', async () => {
    const { mark, rows, ledger } = await storedWith({ storageClass: 'GLACIER' })
    expect(rows?.StorageClass).toBe('GLACIER')
    expect([mark?.StorageClass, ledger?.StorageClass]).toEqual([undefined, undefined])
  })

  test.each([
    ['nothing is asked for without the options', {}, []],
    [
      'SSE-S3 is asked for by its name',
      { encryption: { kind: 'SSE-S3' } },
      [['x-amz-server-side-encryption', 'AES256']],
    ],
  ] as const)('%s', async (_, options, expected) => {
    const s3 = await startBucket()
    const client = clientOf(s3)
    const asked: (readonly [string, string])[] = []
    client.middlewareStack.add(
      (next) => (args) => {
        // It is there when a request is built.
        const { headers } = args.request as { readonly headers: Readonly<Record<string, string>> }
        asked.push(...Object.entries(headers))
        return next(args)
      },
      { step: 'build', priority: 'low' },
    )
    const open = await openWriter(givenClient(client, options), hurried())
    await writeAll(open, bigRows(2))
    await open.writer.prepareCommit(1)
    await open.writer.close()
    expect(asked.map(([name]) => name)).toContain('x-amz-checksum-algorithm')
    expect(asked.filter(([name]) => /encryption|storage/.test(name))).toEqual(expected)
  })
})

type Given = ObjectOptions & { readonly parallelRequests?: number }

const givenClient = (client: S3Client, options: Given) =>
  s3Sink<unknown>({ to: `s3://${BUCKET}/trips`, format: jsonLines(), partBytes: PART, client, ...options })

/**
 * How many requests were under way at once, at most. None goes on before there were `wanted` of them: that so many come
 * does not depend on the machine. More would come in the same moment, and be counted.
 */
function countUnderWay(client: S3Client, commandName: string, wanted: number): { most(): number } {
  let [running, most] = [0, 0]
  let release = (): void => undefined
  const released = new Promise<void>((done) => {
    release = done
  })
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== commandName) return next(args)
      running++
      most = Math.max(most, running)
      if (running === wanted) setTimeout(release, 50)
      await released
      try {
        return await next(args)
      } finally {
        running--
      }
    },
    { step: 'initialize' },
  )
  return { most: () => most }
}

describe('requests under way at once', () => {
  test('are as many as parallelRequests when a checkpoint with more files is committed', async () => {
    const s3 = await startBucket()
    const open = await openWriter(lineSink(s3, { maxRows: 1 }), hurried())
    await writeAll(open, bigRows(12))
    const committables = await open.writer.prepareCommit(1)
    const client = clientOf(s3)
    const underWay = countUnderWay(client, 'CompleteMultipartUploadCommand', 3)
    const committer = await committerOf(givenClient(client, { parallelRequests: 3 }), hurried())
    await committer.commit(committables)
    expect(underWay.most()).toBe(3)
    expect(dataKeys(s3)).toHaveLength(12)
    await committer.close?.()
    await open.writer.close()
  })

  test.each([
    [2, 2, 'parallelRequests'],
    [8, 4, 'four parts of a file'],
  ])('with parallelRequests: %i are %i of a single file: %s', async (parallelRequests, expected) => {
    const s3 = await startBucket()
    const client = clientOf(s3)
    const underWay = countUnderWay(client, 'UploadPartCommand', expected)
    const open = await openWriter(givenClient(client, { parallelRequests }), hurried())
    // A part more than may be under way.
    const rows = (expected + 1.5) * 5 * 1024
    await writeAll(open, bigRows(rows))
    const committer = await committerOf(lineSink(s3), hurried())
    await committer.commit(await open.writer.prepareCommit(1))
    expect(underWay.most()).toBe(expected)
    expect(numbersIn(s3)).toEqual(upTo(rows))
    await committer.close?.()
    await open.writer.close()
  })
})
