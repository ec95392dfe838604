import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { directoryStore } from '../../../runtime/storage/directory.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import type { ObjectStore } from '../../../runtime/storage/object-store.js'
import { checkStorage } from '../../../runtime/storage/preflight.js'
import { type LocalS3, type S3PolicyStatement, startLocalS3 } from '../../servers/s3/index.js'
import { bytes } from './conformance.js'
import { storeAt } from './s3/fixture.js'

const environment = systemEnvironment()
const cleanUp: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action()
})

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'tidemark-preflight-'))
  cleanUp.push(() => rm(made, { recursive: true, force: true }))
  return made
}

async function s3With(policy?: readonly S3PolicyStatement[]): Promise<{ server: LocalS3; store: ObjectStore }> {
  const key = { accessKeyId: 'key', secretAccessKey: 'secret', ...(policy ? { policy } : {}) }
  const server = await startLocalS3({ buckets: ['state'], credentials: [key] })
  const store = await storeAt(server, 's3://state/job')
  cleanUp.push(
    () => server.close(),
    () => store.close(),
  )
  return { server, store }
}

/** The policy of docs/storage.md, for the bucket and prefix of these tests. */
function documentedPolicy(): readonly S3PolicyStatement[] {
  const page = readFileSync('docs/storage.md', 'utf8')
  const { Statement } = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '') as {
    readonly Statement: readonly { Effect: 'Allow'; Action: string | readonly string[]; Resource: string }[]
  }
  return Statement.map(({ Effect, Action, Resource }) => ({
    effect: Effect,
    actions: [Action].flat(),
    resources: [Resource.replace('my-state', 'state').replace('/taxi/', '/job/')],
  }))
}

const SUFFICIENT = documentedPolicy()

const without = (action: string): readonly S3PolicyStatement[] =>
  SUFFICIENT.map((statement) => ({ ...statement, actions: statement.actions.filter((other) => other !== action) }))

describe('the check of storage', () => {
  it.each([
    ['memory', async () => memoryStore()],
    ['a directory', async () => directoryStore(await folder(), environment)],
    ['S3', async () => (await s3With()).store],
    ['S3 with the documented policy', async () => (await s3With(SUFFICIENT)).store],
  ] as const)('passes on %s, also twice at once, and leaves nothing behind', async (_kind, open) => {
    const store = await open()
    await store.create('log/0000000001', bytes('x'))
    await checkStorage(store, environment)
    await Promise.all([checkStorage(store, environment), checkStorage(store, environment)])
    expect(await store.list('')).toEqual(['log/0000000001'])
  })

  it('leaves no folder behind', async () => {
    const root = await folder()
    await checkStorage(await directoryStore(root, environment), environment)
    expect(await readdir(root)).toEqual(['.staging'])
  })

  it('removes what earlier checks left, but for those that may still be under way', async () => {
    const root = await folder()
    const store = await directoryStore(root, environment)
    await store.create('preflight/dead', bytes('x'))
    await store.create('preflight/young', bytes('x'))
    await utimes(join(root, 'preflight', 'dead'), 0, 0)
    await checkStorage(store, environment)
    expect(await store.list('')).toEqual(['preflight/young'])
  })

  it.each([
    ['s3:PutObject', /creating an object where there is none failed: .*the role needs s3:PutObject$/],
    ['s3:GetObject', /reading it failed: .*the role needs s3:GetObject/],
    ['s3:ListBucket', /listing objects failed: .*the role needs s3:ListBucket$/],
    ['s3:DeleteObject', /deleting objects failed: .*the role needs s3:DeleteObject$/],
  ])('names %s when it is missing', async (action, message) => {
    const { server, store } = await s3With(without(action))
    await expect(checkStorage(store, environment)).rejects.toMatchObject({
      code: 'STORAGE_FORBIDDEN',
      message: expect.stringMatching(message),
    })
    // Where it may delete, it does.
    if (action !== 's3:DeleteObject') expect(server.keys('state')).toEqual([])
  })

  it('names s3:ListBucket when it is limited to a prefix, so that 403 stands for absence', async () => {
    const { server, store } = await s3With()
    let deleted = false
    server.faults.add(({ operation }) => {
      deleted ||= operation === 'DeleteObjects'
      return deleted && operation === 'GetObject' ? { kind: 'accessDenied' } : undefined
    })
    await expect(checkStorage(store, environment)).rejects.toMatchObject({
      code: 'STORAGE_FORBIDDEN',
      message: expect.stringMatching(/reading what is deleted failed: .*s3:ListBucket, without which/),
    })
  })

  it('names a bucket that is missing', async () => {
    const { server } = await s3With()
    const store = await storeAt(server, 's3://other/job')
    await expect(checkStorage(store, environment)).rejects.toMatchObject({
      code: 'STORAGE_BUCKET_MISSING',
      message: expect.stringMatching(/^checkpoints cannot be kept in s3:\/\/other\/job: .*there is no bucket 'other'/),
    })
    await store.close()
  })

  it('says that the disk of a folder cannot be written', async () => {
    const root = await folder()
    const store = await directoryStore(root, environment)
    // The folder goes away, and a file is in its place.
    await rm(root, { recursive: true })
    await writeFile(root, '')
    await expect(checkStorage(store, environment)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining(root),
    })
  })
})

/** A store with one thing wrong, as servers have it. */
function flawed(flaw: (inner: ObjectStore) => Partial<ObjectStore>): ObjectStore {
  const inner = memoryStore(virtualEnvironment())
  return { ...inner, location: 's3://odd/job', ...flaw(inner) }
}

describe('a server that cannot carry a job', () => {
  it.each<[string, string, RegExp, (inner: ObjectStore) => Partial<ObjectStore>]>([
    [
      'creates what exists',
      'STORAGE_CONDITIONS_IGNORED',
      /ignores If-None-Match/,
      (inner) => ({
        create: async (name, data) => {
          await inner.delete(name)
          return await inner.create(name, data)
        },
      }),
    ],
    [
      'replaces under a wrong ETag',
      'STORAGE_CONDITIONS_IGNORED',
      /ignores If-Match/,
      () => ({ replace: async () => 'replaced' }),
    ],
    ['says that what is new exists', 'STORAGE_INCONSISTENT', /is taken/, () => ({ create: async () => 'exists' })],
    [
      'reads back something else',
      'STORAGE_INCONSISTENT',
      /does not read back/,
      () => ({ read: async () => bytes('else') }),
    ],
    ['reads back nothing', 'STORAGE_INCONSISTENT', /does not read back/, () => ({ read: async () => undefined })],
    [
      'ignores ranges',
      'STORAGE_INCONSISTENT',
      /a part of .* does not read back/,
      (inner) => ({ readRange: (name) => inner.read(name) }),
    ],
    ['does not list it', 'STORAGE_INCONSISTENT', /not listed/, () => ({ listObjects: async () => [] })],
    ['does not delete', 'STORAGE_INCONSISTENT', /after it was deleted/, () => ({ deleteMany: async () => undefined })],
  ])('is refused in words when it %s', async (_what, code, message, flaw) => {
    await expect(checkStorage(flawed(flaw), environment)).rejects.toMatchObject({
      code,
      domain: 'storage',
      message: expect.stringMatching(message),
    })
  })

  it('may answer wrongly once: a part has no checksum that would tell', async () => {
    let wrong = 2
    const store = flawed((inner) => ({
      readRange: async (name, start, end) => (wrong-- > 0 ? bytes('fals') : await inner.readRange(name, start, end)),
    }))
    await checkStorage(store, environment)
    expect(wrong).toBe(-1)
  })

  it('may leave an object out of its list once, for the same reason', async () => {
    let wrong = 2
    const store = flawed((inner) => ({
      listObjects: async (prefix) => (wrong-- > 0 ? [] : await inner.listObjects(prefix)),
    }))
    await checkStorage(store, environment)
    expect(wrong).toBe(-1)
  })

  it('is refused over the wire, too, when it ignores conditions', async () => {
    const { server, store } = await s3With()
    // What a server without conditions does: the object in the way is overwritten.
    server.faults.add(({ operation, bucket, key }) => {
      if (operation === 'PutObject') server.remove(bucket, key)
      return undefined
    })
    await expect(checkStorage(store, environment)).rejects.toMatchObject({ code: 'STORAGE_CONDITIONS_IGNORED' })
    expect(server.keys('state')).toEqual([])
  })
})
