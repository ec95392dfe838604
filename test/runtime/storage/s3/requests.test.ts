import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../../../runtime/storage/open-store.js'
import type { S3StoreOptions } from '../../../../runtime/storage/s3/options.js'
import { bytes } from '../conformance.js'
import { hastyEnvironment } from './fixture.js'

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let server: Server
let endpoint: string
let seen: Seen[]
let answer: (request: Seen) => { status?: number; headers?: Record<string, string>; body?: string }

/** Takes everything and says what it was sent: for what the local S3 has no use for. */
beforeEach(async () => {
  seen = []
  answer = () => ({})
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() }
      seen.push(one)
      const { status = 200, body = '', headers: given = {} } = answer(one)
      response.writeHead(status, { ...given, 'content-length': Buffer.byteLength(body) }).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => new Promise((resolve) => server.close(resolve)))

const open = (options: S3StoreOptions = {}) =>
  openStore('s3://state/job', {
    environment: hastyEnvironment(),
    s3: {
      endpoint,
      clientConfig: { credentials: { accessKeyId: 'key', secretAccessKey: 'secret' } },
      attempts: 2,
      ...options,
    },
  })

describe('a request to S3', () => {
  it('that creates has its condition, its checksum as S3 writes it, and the bytes as they are', async () => {
    const store = await open()
    expect(await store.create('log/1', bytes('hello'))).toBe('created')
    await store.close()
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32('hello'))
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      method: 'PUT',
      url: '/state/job/log/1?x-id=PutObject',
      body: 'hello',
      headers: {
        'if-none-match': '*',
        'x-amz-checksum-crc32': sum.toString('base64'),
        'content-length': '5',
        authorization: expect.stringContaining('/us-east-1/s3/aws4_request'),
      },
    })
    expect(seen[0]?.headers).not.toHaveProperty('x-amz-server-side-encryption')
    expect(seen[0]?.headers).not.toHaveProperty('x-amz-trailer')
  })

  it.each<[S3StoreOptions['encryption'], Record<string, string>]>([
    [{ kind: 'SSE-S3' }, { 'x-amz-server-side-encryption': 'AES256' }],
    [{ kind: 'SSE-KMS' }, { 'x-amz-server-side-encryption': 'aws:kms' }],
    [
      { kind: 'SSE-KMS', keyId: 'alias/state', bucketKey: true },
      {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': 'alias/state',
        'x-amz-server-side-encryption-bucket-key-enabled': 'true',
      },
    ],
  ])('asks for the encryption %j', async (encryption, headers) => {
    const store = await open({ ...(encryption ? { encryption } : {}) })
    await store.create('log/1', bytes('hello'))
    await store.close()
    const sent = Object.entries(seen[0]?.headers ?? {}).filter(([name]) => name.startsWith('x-amz-server-side'))
    expect(Object.fromEntries(sent)).toEqual(headers)
  })

  it('is signed for the region of the options', async () => {
    const store = await open({ region: 'eu-central-1' })
    await store.create('log/1', bytes('hello'))
    await store.close()
    expect(seen[0]?.headers.authorization).toContain('/eu-central-1/s3/aws4_request')
  })
})

describe('an answer that is not of S3', () => {
  it.each([
    ['a page', { body: '<html><body>Welcome</body></html>', headers: { 'content-type': 'text/html' } }],
    ['nothing', { body: '' }],
  ])('is no empty listing: %s', async (_what, given) => {
    answer = () => given
    const store = await open()
    await expect(store.list('')).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await store.close()
    expect(seen).toHaveLength(2)
  })

  it('is no absence: a page with status 404', async () => {
    answer = () => ({ status: 404, body: '<html>Not here</html>', headers: { 'content-type': 'text/html' } })
    const store = await open()
    await expect(store.read('log/1')).rejects.toMatchObject({ domain: 'storage' })
    await store.close()
  })

  it('is told from a wrong region', async () => {
    answer = () => ({
      status: 301,
      headers: { 'x-amz-bucket-region': 'eu-west-1', 'content-type': 'application/xml' },
      body: '<Error><Code>PermanentRedirect</Code><Message>Use another endpoint.</Message></Error>',
    })
    const store = await open()
    await expect(store.list('')).rejects.toMatchObject({
      code: 'STORAGE_REGION_WRONG',
      message: expect.stringContaining('in region eu-west-1'),
    })
    await store.close()
    expect(seen).toHaveLength(1)
  })
})

describe('a server that says that an object exists, and that it does not', () => {
  it('is no endless loop', async () => {
    let puts = 0
    answer = ({ method }) => {
      if (method === 'PUT') {
        const code = puts++ === 0 ? 'InternalError' : 'PreconditionFailed'
        return { status: puts === 1 ? 500 : 412, body: `<Error><Code>${code}</Code></Error>` }
      }
      return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
    }
    const store = await open()
    await expect(store.create('log/1', bytes('x'))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('exists, and that it does not'),
    })
    await store.close()
    expect(puts).toBe(4)
  })
})

describe('a batch of deletes', () => {
  const deleted = (...keys: string[]) => keys.map((key) => `<Deleted><Key>job/${key}</Key></Deleted>`).join('')
  const failed = (key: string, code: string) => `<Error><Key>job/${key}</Key><Code>${code}</Code></Error>`
  const keysIn = ({ body }: Seen): string[] => [...body.matchAll(/<Key>job\/(\w+)<\/Key>/g)].map(([, key = '']) => key)

  it('repeats those names alone whose failure may pass, or of which the reply says nothing', async () => {
    const replies = [`${deleted('a')}${failed('b', 'InternalError')}${failed('d', 'NoSuchKey')}`, deleted('b', 'c')]
    answer = () => ({
      body: `<DeleteResult>${replies.shift() ?? ''}</DeleteResult>`,
      headers: { 'content-type': 'application/xml' },
    })
    const store = await open()
    await store.deleteMany(['a', 'b', 'c', 'd'])
    await store.close()
    expect(seen.map(keysIn)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['b', 'c'],
    ])
  })

  it('fails with those that did not pass', async () => {
    answer = () => ({
      body: `<DeleteResult>${deleted('a')}${failed('b', 'SlowDown')}${failed('c', 'InternalError')}</DeleteResult>`,
      headers: { 'content-type': 'application/xml' },
    })
    const store = await open()
    await expect(store.deleteMany(['a', 'b', 'c'])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: true,
      message: expect.stringMatching(/^2 of 3 objects .* the first is b: /),
    })
    await store.close()
  })
})
