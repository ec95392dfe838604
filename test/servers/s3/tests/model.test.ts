import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BUCKET, errorOf, put, start, text } from './fixture.js'

/** What a key holds, as a client knows it that is told of every write. */
interface Known {
  readonly body: string
  readonly etag: string
}

interface Step {
  readonly key: 'a' | 'b'
  readonly action: 'put' | 'create' | 'replace' | 'replaceStale' | 'delete' | 'deleteStale'
}

const step: fc.Arbitrary<Step> = fc.record({
  key: fc.constantFrom('a', 'b'),
  action: fc.constantFrom('put', 'create', 'replace', 'replaceStale', 'delete', 'deleteStale'),
})

const STALE = '"00000000000000000000000000000000"'

/** The status that S3 documents for this step, given what is there. */
function expectedStatus({ action }: Step, known: Known | undefined): number {
  switch (action) {
    case 'put':
      return 200
    case 'create':
      return known === undefined ? 200 : 412
    case 'replace':
      return known === undefined ? 404 : 200
    case 'replaceStale':
      return known === undefined ? 404 : 412
    case 'delete':
      return 204
    case 'deleteStale':
      return known === undefined ? 204 : 412
  }
}

function send(client: S3Client, { key, action }: Step, { body, known }: { body: string; known: Known | undefined }) {
  const remove = (IfMatch?: string) => client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: key, IfMatch }))
  switch (action) {
    case 'put':
      return put(client, key, body)
    case 'create':
      return put(client, key, body, { IfNoneMatch: '*' })
    case 'replace':
      return put(client, key, body, { IfMatch: known?.etag ?? STALE })
    case 'replaceStale':
      return put(client, key, body, { IfMatch: STALE })
    case 'delete':
      return remove()
    case 'deleteStale':
      return remove(STALE)
  }
}

test('any sequence of writes under conditions ends as a map of keys says', async () => {
  const { client, server } = await start()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      for (const key of server.keys(BUCKET)) server.remove(BUCKET, key)
      const model = new Map<string, Known>()
      for (const [index, one] of steps.entries()) {
        const body = `step ${index}`
        const known = model.get(one.key)
        const call = send(client, one, { body, known })
        const status = expectedStatus(one, known)
        if (status >= 400) {
          expect((await errorOf(call)).status).toBe(status)
          continue
        }
        const answer = await call
        expect(answer.$metadata.httpStatusCode).toBe(status)
        if ('ETag' in answer) model.set(one.key, { body, etag: answer.ETag ?? '' })
        else model.delete(one.key)
      }
      expect(server.keys(BUCKET)).toEqual([...model.keys()].sort())
      for (const [key, { body }] of model) expect(await text(client, key)).toBe(body)
    }),
    { numRuns: 40 },
  )
})
