import { once } from 'node:events'
import { request } from 'node:http'
import { HeadObjectCommand, ListBucketsCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { virtualEnvironment } from '../../../../runtime/environment/virtual.js'
import { type DevS3Options, runDevS3, startLocalS3 } from '../index.js'
import { BUCKET, beginUpload, clientOf, errorOf, outcomes, put, putPart, start } from './fixture.js'
import { authorization, send } from './raw.js'

test('a port in use is one line that says what to do', async () => {
  const { server } = await start()
  const second = startLocalS3({ port: server.port })
  await expect(second).rejects.toMatchObject({ name: 'TidemarkError', code: 'LOCAL_S3_PORT_IN_USE', domain: 'user' })
  expect((await errorOf(second)).message).toBe(
    `local S3: cannot listen on 127.0.0.1:${server.port}: the port is in use; stop what listens there or choose another port`,
  )
})

test('options that make no sense are refused', async () => {
  for (const options of [
    { port: 70_000 },
    { port: Number.NaN },
    { maxBytes: 0 },
    { minPartBytes: -1 },
    { latencyMs: Number.NaN },
    { buckets: ['No Bucket'] },
  ]) {
    await expect(startLocalS3(options)).rejects.toMatchObject({ code: 'LOCAL_S3_OPTION_INVALID' })
  }
})

test('closing ends idle connections, and can be done twice', async () => {
  const { server, client } = await start()
  await client.send(new ListBucketsCommand({}))
  await Promise.all([server.close(), server.close()])
  await expect(fetch(server.endpoint)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
})

test('a request that waits when the server closes is never applied', async () => {
  const environment = virtualEnvironment()
  const { server, client } = await start({ environment, latencyMs: 1000 })
  const call = outcomes([put(client, 'key', 'x')])
  while (environment.nextTimerAt === undefined) await new Promise((resolve) => setImmediate(resolve))
  await server.close()
  expect(await call).toEqual(['TimeoutError'])
  await environment.advance(2000)
  expect(server.keys(BUCKET)).toEqual([])
})

test('two servers share nothing', async () => {
  const [one, two] = [await start(), await start()]
  await put(one.client, 'key', 'x')
  expect(two.server.keys(BUCKET)).toEqual([])
})

test('without credentials to choose from any access key will do', async () => {
  const { server } = await start()
  await put(clientOf({ ...server, credentials: { accessKeyId: 'AKIAANY', secretAccessKey: 'x' } }), 'key', 'x')
  expect(server.keys(BUCKET)).toEqual(['key'])
})

test('what does not fit into memory is refused, and what is replaced or deleted makes room', async () => {
  const { server, client } = await start({ maxBytes: 10_000 })
  await put(client, 'a', Buffer.alloc(6000))
  const full = { name: 'LocalStorageFull', status: 507 }
  expect(await errorOf(put(client, 'b', Buffer.alloc(6000)))).toMatchObject(full)
  await put(client, 'a', Buffer.alloc(7000))
  const id = await beginUpload(client, 'c')
  expect(await errorOf(putPart(client, { key: 'c', id, number: 1 }, Buffer.alloc(4000)))).toMatchObject(full)
  server.remove(BUCKET, 'a')
  await putPart(client, { key: 'c', id, number: 1 }, Buffer.alloc(4000))
  await putPart(client, { key: 'c', id, number: 1 }, Buffer.alloc(5000))
  expect(await errorOf(put(client, 'a', Buffer.alloc(6000)))).toMatchObject(full)
  server.expireUpload(BUCKET, id)
  await put(client, 'a', Buffer.alloc(9000))
  expect(server.keys(BUCKET)).toEqual(['a'])
})

test('a body larger than all of memory is read to its end and refused', async () => {
  const { server } = await start({ maxBytes: 1 })
  const answer = await send(server, { method: 'PUT', path: `/${BUCKET}/key`, body: 'x'.repeat(3 * 1024 * 1024) })
  expect([answer.status, answer.code]).toEqual([400, 'EntityTooLarge'])
})

test('a body that ends before its length applies nothing', async () => {
  const { server, client } = await start()
  const outgoing = request(`${server.endpoint}/${BUCKET}/key`, {
    method: 'PUT',
    headers: { authorization: authorization(server), 'content-length': 100, expect: '100-continue' },
  })
  const failed = once(outgoing, 'error').catch(() => undefined)
  await Promise.race([failed, once(outgoing, 'continue')])
  outgoing.write('half of it')
  outgoing.destroy(new Error('the client dies'))
  await failed
  await client.send(new ListBucketsCommand({}))
  expect(server.keys(BUCKET)).toEqual([])
})

test('the numbers add up', async () => {
  const { server, client } = await start()
  await put(client, 'a', 'four')
  await put(client, 'b', 'seven77')
  await put(client, 'b', 'five5')
  const id = await beginUpload(client, 'c')
  await putPart(client, { key: 'c', id, number: 1 }, 'part')
  await outcomes([client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'none' }))])
  expect(server.stats()).toEqual({
    requests: { PutObject: 3, CreateMultipartUpload: 1, UploadPart: 1, HeadObject: 1 },
    errors: { NoSuchKey: 1 },
    bytesIn: 20,
    bytesOut: expect.any(Number),
    buckets: 1,
    objects: 2,
    objectBytes: 9,
    uploads: 1,
    uploadBytes: 4,
    faults: {},
  })
  expect(server.uploads(BUCKET)).toEqual([
    { uploadId: id, key: 'c', parts: [{ number: 1, etag: expect.stringMatching(/^[0-9a-f]{32}$/), bytes: 4 }] },
  ])
})

test('asking the server itself about a bucket it does not have is a mistake of the test', async () => {
  const { server } = await start()
  expect(() => server.keys('typo')).toThrow(expect.objectContaining({ code: 'LOCAL_S3_BUCKET_UNKNOWN' }))
})

test('times and ids come from the environment', async () => {
  const environment = virtualEnvironment({ startAt: Date.UTC(2026, 0, 5, 12) })
  const { server } = await start({ environment })
  const answer = await fetch(`${server.endpoint}/`, { headers: { authorization: authorization(server) } })
  expect(answer.headers.get('date')).toBe('Mon, 05 Jan 2026 12:00:00 GMT')
  expect(answer.headers.get('x-amz-request-id')).not.toBeNull()
})

async function startDev(options: DevS3Options): Promise<{ readonly lines: readonly string[]; stop(): Promise<void> }> {
  const end = new AbortController()
  const lines: string[] = []
  const ended = { promise: Promise.resolve() }
  await new Promise<void>((resolve, reject) => {
    const print = (line: string): void => {
      lines.push(line)
      resolve()
    }
    ended.promise = runDevS3({ ...options, signal: end.signal, print })
    ended.promise.catch(reject)
  })
  const stop = (): Promise<void> => {
    end.abort()
    return ended.promise
  }
  return { lines, stop }
}

test('the dev server prints ready and its URL, has its buckets, and ends when it is told to', async () => {
  const before = process.listenerCount('SIGTERM')
  const dev = await startDev({ buckets: [BUCKET] })
  expect(dev.lines).toEqual([expect.stringMatching(/^ready http:\/\/127\.0\.0\.1:\d+$/)])
  const endpoint = dev.lines[0]!.slice('ready '.length)
  const client = clientOf({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  })
  await put(client, 'key', 'x')
  expect(process.listenerCount('SIGTERM')).toBe(before + 1)
  await dev.stop()
  expect(process.listenerCount('SIGTERM')).toBe(before)
  await expect(fetch(endpoint)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
})

test('a dev server that cannot listen leaves no signal handlers', async () => {
  const { server } = await start()
  const handlers = process.listenerCount('SIGINT')
  await expect(runDevS3({ port: server.port })).rejects.toMatchObject({ code: 'LOCAL_S3_PORT_IN_USE' })
  expect(process.listenerCount('SIGINT')).toBe(handlers)
})
