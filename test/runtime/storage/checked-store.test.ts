import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { openCheckedStore } from '../../../runtime/storage/checked-store.js'
import { isMemoryStore, memoryStore } from '../../../runtime/storage/memory.js'
import type { ObjectStore } from '../../../runtime/storage/object-store.js'
import { startLocalS3 } from '../../servers/s3/index.js'
import { bytes } from './conformance.js'
import { storeAt } from './s3/fixture.js'

const environment = systemEnvironment()
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-checked-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the store of a job', () => {
  it('is memory where none is asked for, and one in memory is not checked', async () => {
    const { store } = await openCheckedStore({}, environment)
    expect(isMemoryStore(store)).toBe(true)
    const untouchable: ObjectStore = memoryStore()
    Object.assign(untouchable, { create: () => Promise.reject(new RangeError('it was checked')) })
    expect((await openCheckedStore({ to: untouchable }, environment)).store).toBe(untouchable)
  })

  it('is found unable to carry a job before it is used, wherever it comes from', async () => {
    const server = await startLocalS3({ buckets: ['state'] })
    const s3 = { endpoint: server.endpoint, clientConfig: { credentials: server.credentials } }
    await expect(openCheckedStore({ to: 's3://missing/job', s3 }, environment)).rejects.toMatchObject({
      code: 'STORAGE_BUCKET_MISSING',
    })
    const given = await storeAt(server, 's3://missing/job')
    await expect(openCheckedStore({ to: given }, environment)).rejects.toMatchObject({ code: 'STORAGE_BUCKET_MISSING' })
    await given.close()
    await server.close()
  })

  it('is closed with the job, but one that was given stays open', async () => {
    const server = await startLocalS3({ buckets: ['state'] })
    const s3 = { endpoint: server.endpoint, clientConfig: { credentials: server.credentials } }
    const opened = await openCheckedStore({ to: 's3://state/job', s3 }, environment)
    await opened.close()
    await expect(opened.store.list('')).rejects.toMatchObject({ code: 'STORAGE_CLOSED' })
    const given = await storeAt(server, 's3://state/job')
    await (await openCheckedStore({ to: given }, environment)).close()
    expect(await given.list('')).toEqual([])
    await given.close()
    await server.close()
  })

  it('in a folder is there at once', async () => {
    const { store } = await openCheckedStore({ to: join(folder, 'new') }, environment)
    await store.create('log/1', bytes('x'))
    expect(await readdir(join(folder, 'new'))).toEqual(['.staging', 'log'])
  })
})
