import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { directoryStore } from '../../../runtime/storage/directory.js'

const bytes = new TextEncoder().encode('hello')
let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidemark-folders-'))
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

describe('the folders of a directory store', () => {
  it('go when their last object is deleted, so that a checkpoint a second leaves nothing behind', async () => {
    const store = await directoryStore(root, systemEnvironment())
    for (let id = 0; id < 3; id++) {
      await store.create(`checkpoints/${id}/window/0`, bytes)
      await store.create(`checkpoints/${id}/manifest.json`, bytes)
    }
    for (let id = 0; id < 2; id++) {
      await store.delete(`checkpoints/${id}/manifest.json`)
      for (const name of await store.list(`checkpoints/${id}/`)) await store.delete(name)
    }
    expect(await readdir(join(root, 'checkpoints'))).toEqual(['2'])
    expect(await store.create('checkpoints/0/window/0', bytes)).toBe('created')
  })

  it.each([
    ['.', ''],
    ['./state', 'state'],
    ['state/taxi/', 'state/taxi'],
  ])('may be given relative to the working directory: %s', async (given, below) => {
    const store = await directoryStore(join(relative(process.cwd(), root), given), systemEnvironment())
    expect(await store.create('log/0000000001', bytes)).toBe('created')
    expect(await readdir(join(root, below, 'log'))).toEqual(['0000000001'])
  })

  it('keep no temporary file of a write that was refused', async () => {
    const store = await directoryStore(root, systemEnvironment())
    await store.create('log/1', bytes)
    expect(await store.create('log/1', bytes)).toBe('exists')
    expect(await readdir(join(root, '.staging'))).toEqual([])
  })

  it('survive the working directory itself as the place', async () => {
    const before = process.cwd()
    process.chdir(root)
    try {
      const store = await directoryStore('.', systemEnvironment())
      expect(await store.create('log/0000000001', bytes)).toBe('created')
      expect(store.location).toBe('.')
    } finally {
      process.chdir(before)
    }
  })
})
