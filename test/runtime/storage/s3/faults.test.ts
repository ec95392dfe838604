import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { virtualEnvironment } from '../../../../runtime/environment/virtual.js'
import type { ObjectStore } from '../../../../runtime/storage/object-store.js'
import { openStore } from '../../../../runtime/storage/open-store.js'
import { localS3Client } from '../../../servers/s3/client.js'
import { type LocalS3, startLocalS3 } from '../../../servers/s3/index.js'
import { bytes, textOf } from '../conformance.js'
import { storeAt } from './fixture.js'

let server: LocalS3
let store: ObjectStore

beforeEach(async () => {
  server = await startLocalS3({ buckets: ['state'] })
  store = await storeAt(server, 's3://state/job')
})

afterEach(async () => {
  await store.close()
  await server.close()
})

describe('the answer that there is no such object', () => {
  it.each([
    ['is cut off', { kind: 'truncated' }],
    ['is cut off after one byte', { kind: 'truncated', bytes: 1 }],
    ['never begins', { kind: 'resetBefore' }],
    ['is damaged', { kind: 'corrupted' }],
  ] as const)('is asked for again when it %s', async (_what, fault) => {
    server.faults.add({ operation: 'GetObject', times: 2, fault })
    expect(await store.read('log/1')).toBeUndefined()
    expect(server.faults.injected()[fault.kind]).toBe(2)
  })
})

describe('a create whose outcome is unknown', () => {
  it.each([
    ['the reply is lost', { kind: 'replyLost' }],
    ['the reply is late', { kind: 'slow', ms: 2000, when: 'after' }],
  ] as const)('has succeeded when it was applied and %s', async (_what, fault) => {
    store = await storeAt(server, 's3://state/job', { timeoutMs: 300 })
    server.faults.add({ operation: 'PutObject', times: 1, fault })
    expect(await store.create('log/1', bytes('mine'))).toBe('created')
    expect(textOf(await store.read('log/1'))).toBe('mine')
    expect(server.faults.injected()[fault.kind]).toBe(1)
  })

  it.each([
    ['reset before it was applied', { kind: 'resetBefore' }],
    ['answered with 500', { kind: 'internalError' }],
    ['answered with 503', { kind: 'slowDown' }],
    ['answered with 409', { kind: 'error', status: 409, code: 'ConditionalRequestConflict' }],
    ['answered by a gateway', { kind: 'error', status: 502, code: 'BadGateway' }],
    ['damaged on the way', { kind: 'error', status: 400, code: 'BadDigest' }],
  ] as const)('is made again when it was %s', async (_what, fault) => {
    server.faults.add({ operation: 'PutObject', times: 3, fault })
    expect(await store.create('log/1', bytes('mine'))).toBe('created')
    expect(textOf(await store.read('log/1'))).toBe('mine')
  })

  it("has not succeeded when another's object is found there", async () => {
    const environment = virtualEnvironment()
    const { endpoint, credentials } = server
    const waiting = await openStore('s3://state/job', { environment, s3: { endpoint, clientConfig: { credentials } } })
    server.faults.add({ operation: 'PutObject', nth: 1, fault: { kind: 'resetBefore' } })
    const create = waiting.create('log/1', bytes('mine'))
    // The pause before the second attempt, which is shorter than any timeout.
    await expect.poll(() => (environment.nextTimerAt ?? Infinity) - environment.clock.now()).toBeLessThan(1000)
    expect(await store.create('log/1', bytes('theirs'))).toBe('created')
    await environment.advance(1000)
    expect(await create).toBe('exists')
    expect(textOf(await store.read('log/1'))).toBe('theirs')
    await waiting.close()
  })

  it('has succeeded when no attempt was answered, and the object is there', async () => {
    server.faults.add({ operation: 'PutObject', fault: { kind: 'replyLost' } })
    expect(await store.create('log/1', bytes('mine'))).toBe('created')
  })

  it("finds another's object when no attempt was answered", async () => {
    await store.create('log/1', bytes('theirs'))
    server.faults.add({ operation: 'PutObject', fault: { kind: 'internalError' } })
    expect(await store.create('log/1', bytes('mine'))).toBe('exists')
  })

  it('is an error, and nothing else, when nothing is there either', async () => {
    store = await storeAt(server, 's3://state/job', { attempts: 3 })
    server.faults.add({ operation: 'PutObject', fault: { kind: 'internalError' } })
    await expect(store.create('log/1', bytes('mine'))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      domain: 'storage',
      retryable: true,
      message: expect.stringMatching(/could not write 'log\/1' in s3:\/\/state\/job .* 3 attempts \(500 InternalError/),
    })
    expect(server.stats().requests).toMatchObject({ PutObject: 3 })
  })

  it('stays unknown, which is an error, when looking fails too', async () => {
    store = await storeAt(server, 's3://state/job', { attempts: 2 })
    server.faults.add({ operation: 'PutObject', fault: { kind: 'replyLost' } })
    server.faults.add({ operation: 'GetObject', fault: { kind: 'accessDenied' } })
    await expect(store.create('log/1', bytes('mine'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })

  it('stays unknown when there is an object that may not be read', async () => {
    server.faults.add({ operation: 'PutObject', times: 1, fault: { kind: 'replyLost' } })
    server.faults.add({ operation: 'GetObject', fault: { kind: 'accessDenied' } })
    await expect(store.create('log/1', bytes('mine'))).rejects.toMatchObject({ code: 'STORAGE_FORBIDDEN' })
  })

  it('is told from an object of the same bytes that was there before', async () => {
    await store.create('log/1', bytes('same'))
    expect(await store.create('log/1', bytes('same'))).toBe('exists')
  })

  it('has succeeded when the retries of a client of the user met its own object', async () => {
    const client = localS3Client(server, { maxAttempts: 3 })
    store = await storeAt(server, 's3://state/job', { client })
    server.faults.add({ operation: 'PutObject', times: 1, fault: { kind: 'replyLost' } })
    expect(await store.create('log/1', bytes('mine'))).toBe('created')
    await store.close()
    // The client stays the user's.
    await client.send(new (await import('@aws-sdk/client-s3')).HeadBucketCommand({ Bucket: 'state' }))
    client.destroy()
  })

  it('is created once the object that was found is gone again', async () => {
    await store.create('log/1', bytes('theirs'))
    server.faults.add({ operation: 'PutObject', times: 1, fault: { kind: 'resetBefore' } })
    const forget = server.faults.add(({ operation }) => {
      // Between the refusal and the look.
      if (operation !== 'GetObject') return undefined
      server.remove('state', 'job/log/1')
      forget()
      return undefined
    })
    expect(await store.create('log/1', bytes('mine'))).toBe('created')
    expect(textOf(await store.read('log/1'))).toBe('mine')
  })
})

describe('a replacement', () => {
  const etagOf = async (name: string): Promise<string> => {
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3')
    const client = localS3Client(server)
    const { ETag } = await client.send(new HeadObjectCommand({ Bucket: 'state', Key: `job/${name}` }))
    client.destroy()
    return ETag ?? ''
  }

  it('is made under the right ETag, and refused under a wrong one and for no object', async () => {
    await store.create('lease', bytes('1'))
    expect(await store.replace?.('lease', bytes('2'), '"00000000000000000000000000000000"')).toBe('refused')
    expect(textOf(await store.read('lease'))).toBe('1')
    expect(await store.replace?.('lease', bytes('2'), await etagOf('lease'))).toBe('replaced')
    expect(textOf(await store.read('lease'))).toBe('2')
    expect(await store.replace?.('none', bytes('2'), '"00000000000000000000000000000000"')).toBe('refused')
  })

  it('has succeeded when it was applied and its reply is lost', async () => {
    await store.create('lease', bytes('1'))
    const etag = await etagOf('lease')
    server.faults.add({ operation: 'PutObject', times: 1, fault: { kind: 'replyLost' } })
    expect(await store.replace?.('lease', bytes('2'), etag)).toBe('replaced')
  })
})

describe('a read', () => {
  it.each([
    ['truncated', { kind: 'truncated', bytes: 10 }],
    ['truncated to nothing', { kind: 'truncated', bytes: 0 }],
    ['corrupted', { kind: 'corrupted' }],
    ['reset', { kind: 'resetBefore' }],
    ['an error with status 200', { kind: 'errorInBody' }],
    ['late', { kind: 'slow', ms: 2000 }],
    ['throttled', { kind: 'slowDown' }],
  ] as const)('whose reply is %s is made again', async (_what, fault) => {
    store = await storeAt(server, 's3://state/job', { timeoutMs: 300 })
    const data = Uint8Array.from({ length: 100_000 }, (_, index) => index & 255)
    await store.create('checkpoints/1/state', data)
    server.faults.add({ operation: 'GetObject', times: 2, fault })
    expect(Buffer.from((await store.read('checkpoints/1/state')) ?? []).equals(data)).toBe(true)
    expect(server.faults.injected()[fault.kind]).toBe(2)
  })

  it('of a part that is truncated is made again', async () => {
    await store.create('x', bytes('0123456789'))
    server.faults.add({ operation: 'GetObject', times: 1, fault: { kind: 'truncated', bytes: 2 } })
    expect(textOf(await store.readRange('x', 2, 8))).toBe('234567')
  })

  it('of an object that stays damaged is an error', async () => {
    store = await storeAt(server, 's3://state/job', { attempts: 2 })
    await store.create('x', bytes('0123456789'))
    server.faults.add({ operation: 'GetObject', fault: { kind: 'corrupted' } })
    await expect(store.read('x')).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringMatching(/[Cc]hecksum|CRC-32/),
    })
  })

  it.each([
    [404, 'NotFound'],
    [404, 'PageNotFound'],
    [410, 'Gone'],
  ])('does not take a %d %s for the absence of an object', async (status, code) => {
    server.faults.add({ operation: 'GetObject', fault: { kind: 'error', status, code } })
    await expect(store.read('x')).rejects.toMatchObject({ code: 'STORAGE_REFUSED', retryable: false })
  })
})

describe('a listing', () => {
  it('goes on over pages of a thousand, also when one of them fails', async () => {
    const names = Array.from({ length: 1001 }, (_, n) => `checkpoints/${String(n).padStart(5, '0')}`)
    await Promise.all(names.map((name) => store.create(name, bytes('x'))))
    server.faults.add({ operation: 'ListObjectsV2', nth: 2, fault: { kind: 'internalError' } })
    expect(await store.list('checkpoints/')).toEqual(names)
    expect(server.stats().requests).toMatchObject({ ListObjectsV2: 3 })
    await store.deleteMany(names)
    expect(await store.list('')).toEqual([])
    expect(server.stats().requests).toMatchObject({ DeleteObjects: 2 })
  })

  it('that is the text of an error is made again, and is not taken for an empty bucket', async () => {
    await store.create('log/1', bytes('x'))
    server.faults.add({ operation: 'ListObjectsV2', times: 1, fault: { kind: 'errorInBody' } })
    expect(await store.list('log/')).toEqual(['log/1'])
  })

  it('leaves out the folders that a console makes', async () => {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const client = localS3Client(server)
    for (const Key of ['job/', 'job/log/'])
      await client.send(new PutObjectCommand({ Bucket: 'state', Key, Body: new Uint8Array() }))
    client.destroy()
    await store.create('log/1', bytes('x'))
    expect(await store.list('')).toEqual(['log/1'])
  })
})

describe('deleting many', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', 'c']) await store.create(name, bytes(name))
  })

  it.each([
    ['a lost reply', { kind: 'replyLost' }],
    ['an error', { kind: 'internalError' }],
    ['an error with status 200', { kind: 'errorInBody' }],
  ] as const)('is repeated after %s', async (_what, fault) => {
    server.faults.add({ operation: 'DeleteObjects', times: 1, fault })
    await store.deleteMany(['a', 'b'])
    expect(await store.list('')).toEqual(['c'])
  })

  it.each([
    ['NotImplemented', 501],
    ['MissingContentMD5', 400],
  ])('is done one by one where the server answers %s', async (code, status) => {
    server.faults.add({ operation: 'DeleteObjects', fault: { kind: 'error', status, code } })
    await store.deleteMany(['a', 'b'])
    await store.deleteMany(['c'])
    expect(await store.list('')).toEqual([])
    expect(server.stats().requests).toMatchObject({ DeleteObjects: 1, DeleteObject: 3 })
  })

  it('says which could not be deleted, and deletes the others', async () => {
    const limited = {
      accessKeyId: 'limited',
      secretAccessKey: 'secret',
      policy: [
        { effect: 'Allow', actions: ['s3:*'] },
        { effect: 'Deny', actions: ['s3:DeleteObject'], resources: ['arn:aws:s3:::state/job/b'] },
      ],
    } as const
    const other = await startLocalS3({ buckets: ['state'], credentials: [limited] })
    const guarded = await storeAt(other, 's3://state/job')
    for (const name of ['a', 'b', 'c']) await guarded.create(name, bytes(name))
    await expect(guarded.deleteMany(['a', 'b', 'c'])).rejects.toMatchObject({
      code: 'STORAGE_FORBIDDEN',
      message: expect.stringMatching(/'b' in s3:\/\/state\/job .*s3:DeleteObject/),
    })
    expect(await guarded.list('')).toEqual(['b'])
    await guarded.close()
    await other.close()
  })
})

describe('limits', () => {
  it('keep the number of requests under way', async () => {
    let [now, most] = [0, 0]
    const slow = await startLocalS3({ buckets: ['state'], latencyMs: 5 })
    slow.faults.add(({ operation }) => {
      if (operation === 'PutObject') most = Math.max(most, ++now)
      return undefined
    })
    const bounded = await storeAt(slow, 's3://state/job', { parallel: 3 })
    const writes = Array.from({ length: 30 }, async (_, n) => {
      await bounded.create(`x/${n}`, bytes('x'))
      now--
    })
    await Promise.all(writes)
    expect(most).toBe(3)
    await bounded.close()
    await slow.close()
  })

  it('end a request that gets no answer, naming how long it waited', async () => {
    store = await storeAt(server, 's3://state/job', { timeoutMs: 50, attempts: 2 })
    server.faults.add({ operation: 'GetObject', fault: { kind: 'slow', ms: 3000 } })
    await expect(store.read('x')).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      retryable: true,
      message: expect.stringContaining('no answer within 5000 ms'),
    })
  })
})

describe('closing', () => {
  it('ends what is under way, what waits for its turn and what waits for another attempt', async () => {
    store = await storeAt(server, 's3://state/job', { parallel: 1 })
    server.faults.add({ operation: 'GetObject', fault: { kind: 'slow', ms: 60_000 } })
    const reading = [store.read('x'), store.read('y')]
    await expect.poll(() => server.faults.injected().slow).toBe(1)
    await store.close()
    await store.close()
    const outcomes = await Promise.allSettled(reading)
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORAGE_CLOSED' } })
    }
    await expect(store.list('')).rejects.toMatchObject({ code: 'STORAGE_CLOSED' })
    await expect(store.deleteMany(['a'])).rejects.toMatchObject({ code: 'STORAGE_CLOSED' })
  })

  it('ends what is under way on a client of the user, too, which stays open', async () => {
    const client = localS3Client(server)
    store = await storeAt(server, 's3://state/job', { client })
    server.faults.add({ operation: 'GetObject', times: 1, fault: { kind: 'slow', ms: 60_000 } })
    const reading = store.read('x')
    await expect.poll(() => server.faults.injected().slow).toBe(1)
    await store.close()
    await expect(reading).rejects.toMatchObject({ code: 'STORAGE_CLOSED' })
    const again = await storeAt(server, 's3://state/job', { client })
    expect(await again.list('')).toEqual([])
    await again.close()
    client.destroy()
  })
})
