import { afterEach, describe, expect, it } from 'vitest'
import { failureKind, requestFailed } from '../../../../runtime/storage/s3/failure.js'
import { type LocalS3, type LocalS3Credentials, startLocalS3 } from '../../../servers/s3/index.js'
import { bytes } from '../conformance.js'
import { storeAt } from './fixture.js'

const servers: LocalS3[] = []

async function serverFor(credentials: Omit<LocalS3Credentials, 'accessKeyId' | 'secretAccessKey'>): Promise<LocalS3> {
  const key = { accessKeyId: 'key', secretAccessKey: 'secret', ...credentials }
  const server = await startLocalS3({ buckets: ['state'], credentials: [key] })
  servers.push(server)
  return server
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const all = ['s3:PutObject', 's3:GetObject', 's3:ListBucket', 's3:DeleteObject'] as const

describe('what is not allowed', () => {
  it.each([
    ['s3:PutObject', 'create', /could not write 'a\/x' in s3:\/\/state\/job .*needs s3:PutObject$/],
    ['s3:GetObject', 'read', /could not read 'a\/x' .*needs s3:GetObject \(and s3:ListBucket/],
    ['s3:GetObject', 'readRange', /could not read 'a\/x' .*needs s3:GetObject/],
    ['s3:ListBucket', 'list', /could not list 'a\/' in s3:\/\/state\/job .*needs s3:ListBucket$/],
    ['s3:DeleteObject', 'delete', /could not delete 'a\/x' .*needs s3:DeleteObject$/],
    ['s3:DeleteObject', 'deleteMany', /could not delete 'a\/x' .*needs s3:DeleteObject$/],
  ] as const)('without %s, %s says so and tries once', async (permission, call, message) => {
    const server = await serverFor({
      policy: [{ effect: 'Allow', actions: all.filter((action) => action !== permission) }],
    })
    const store = await storeAt(server, 's3://state/job')
    const calls = {
      create: () => store.create('a/x', bytes('x')),
      read: () => store.read('a/x'),
      readRange: () => store.readRange('a/x', 0, 1),
      list: () => store.list('a/'),
      delete: () => store.delete('a/x'),
      deleteMany: () => store.deleteMany(['a/x']),
    }
    await expect(calls[call]()).rejects.toMatchObject({
      code: 'STORAGE_FORBIDDEN',
      domain: 'storage',
      message: expect.stringMatching(message),
    })
    expect(Object.values(server.stats().requests)).toEqual([1])
    await store.close()
  })

  it('is expired credentials, another error than a missing permission', async () => {
    const store = await storeAt(await serverFor({ isExpired: true }), 's3://state/job')
    await expect(store.list('')).rejects.toMatchObject({
      code: 'STORAGE_CREDENTIALS',
      message: expect.stringMatching(/ExpiredToken.*renew them/),
    })
    await store.close()
  })

  it('is an unknown access key, also without its secret in the message', async () => {
    const server = await serverFor({})
    const clientConfig = { credentials: { accessKeyId: 'other', secretAccessKey: 'never-shown' } }
    const store = await storeAt(server, 's3://state/job', { clientConfig })
    const error = await store.read('a').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'STORAGE_CREDENTIALS' })
    expect(String(error)).not.toContain('never-shown')
    await store.close()
  })
})

describe('a bucket that does not exist', () => {
  it.each(['create', 'read', 'list', 'delete', 'deleteMany'] as const)('is named by %s', async (call) => {
    const server = await serverFor({})
    const store = await storeAt(server, 's3://missing/job')
    const calls = {
      create: () => store.create('a', bytes('x')),
      read: () => store.read('a'),
      list: () => store.list(''),
      delete: () => store.delete('a'),
      deleteMany: () => store.deleteMany(['a']),
    }
    await expect(calls[call]()).rejects.toMatchObject({
      code: 'STORAGE_BUCKET_MISSING',
      message: expect.stringContaining("there is no bucket 'missing'"),
    })
    await store.close()
  })
})

describe('a server that is not there', () => {
  it('is a failure that names the endpoint', async () => {
    const server = await serverFor({})
    await server.close()
    const store = await storeAt(server, 's3://state/job', { attempts: 2 })
    await expect(store.list('')).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: true,
      message: expect.stringContaining(server.endpoint),
    })
    await store.close()
  })
})

describe('answers of AWS that the local S3 does not give', () => {
  const context = {
    operation: 'PutObject',
    name: 'log/1',
    bucket: 'state',
    location: 's3://state/job',
    endpoint: 'AWS',
  } as const
  const answer = (name: string, status: number, message = '', headers: Record<string, string> = {}) =>
    Object.assign(new Error(message), {
      name,
      $fault: 'client',
      $metadata: { httpStatusCode: status },
      $response: { statusCode: status, headers },
    })

  it('name the key permission that is missing', () => {
    const denied = answer(
      'AccessDenied',
      403,
      'User: arn:aws:sts::1:assumed-role/job is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:k',
    )
    expect(requestFailed(denied, context, 1)).toMatchObject({
      code: 'STORAGE_FORBIDDEN',
      message: expect.stringMatching(/the role needs kms:GenerateDataKey$/),
    })
    const unnamed = answer('AccessDenied', 403, 'The ciphertext refers to a KMS key that you may not use')
    expect(requestFailed(unnamed, { ...context, operation: 'GetObject' }, 1).message).toMatch(/kms:Decrypt/)
    expect(requestFailed(unnamed, context, 1).message).toMatch(/kms:GenerateDataKey/)
  })

  it('name the region of the bucket', () => {
    const moved = answer('PermanentRedirect', 301, 'Use another endpoint', { 'x-amz-bucket-region': 'eu-west-1' })
    expect(requestFailed(moved, context, 1)).toMatchObject({
      code: 'STORAGE_REGION_WRONG',
      message: expect.stringContaining('is in region eu-west-1'),
    })
    expect(requestFailed(new Error('Region is missing'), context, 1)).toMatchObject({
      code: 'STORAGE_REGION_WRONG',
      message: expect.stringContaining('AWS_REGION'),
    })
  })

  it('are told apart by their codes', () => {
    expect(failureKind(Object.assign(new Error('Could not load'), { name: 'CredentialsProviderError' }))).toBe(
      'credentials',
    )
    expect(failureKind(answer('SignatureDoesNotMatch', 403))).toBe('credentials')
    expect(failureKind(answer('Forbidden', 403))).toBe('forbidden')
    expect(failureKind(answer('NoSuchKey', 404))).toBe('absent')
    expect(failureKind(answer('NotFound', 404))).toBe('refused')
    expect(failureKind(answer('ConditionalRequestConflict', 409))).toBe('passing')
    expect(failureKind(answer('TooManyRequests', 429))).toBe('passing')
    expect(failureKind(answer('NotImplemented', 501))).toBe('refused')
    expect(failureKind(answer('KMS.DisabledException', 400))).toBe('refused')
    // No XML at all where some should be.
    expect(failureKind(answer('SyntaxError', 200))).toBe('passing')
    expect(failureKind(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))).toBe('passing')
  })
})
