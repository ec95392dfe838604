import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { directoryStore } from '../../../runtime/storage/directory.js'
import { linkNew } from '../../../runtime/storage/hard-link.js'
import { bytes, describeConformance } from './conformance.js'

const folders: string[] = []

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'tidemark-store-'))
  folders.push(made)
  return made
}

afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true })
})

describeConformance('directory', async () => directoryStore(await folder(), systemEnvironment()))

describe('a directory store', () => {
  it('leaves no temporary file behind, and removes those of writers that died', async () => {
    const root = await folder()
    await mkdir(join(root, '.staging'))
    await writeFile(join(root, '.staging', 'dead'), 'x')
    await utimes(join(root, '.staging', 'dead'), 0, 0)
    await writeFile(join(root, '.staging', 'young'), 'x')
    const store = await directoryStore(root, systemEnvironment())
    await store.create('a', bytes('1'))
    await store.create('a', bytes('1'))
    expect(await readdir(join(root, '.staging'))).toEqual(['young'])
  })

  it('says that a file is in the way when its folder is one', async () => {
    const root = await folder()
    await writeFile(join(root, 'file'), 'x')
    for (const path of [join(root, 'file'), join(root, 'file', 'below')]) {
      const store = await directoryStore(path, systemEnvironment())
      await expect(store.create('a', bytes('1'))).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        domain: 'storage',
        message: expect.stringMatching(new RegExp(`${path}.*a file is in the way`)),
      })
    }
  })

  it('makes no folder for whoever only looks', async () => {
    const root = await folder()
    const store = await directoryStore(join(root, 'typing-error'), systemEnvironment())
    expect(await store.list('')).toEqual([])
    expect(await store.read('savepoint.json')).toBeUndefined()
    expect(await readdir(root)).toEqual([])
    await store.create('a', bytes('1'))
    expect(await store.list('')).toEqual(['a'])
  })

  // Of /sys not even root can make a folder.
  it.skipIf(process.platform !== 'linux')('names the folder that it may not write (skipped: needs Linux)', async () => {
    const store = await directoryStore('/sys/tidemark', systemEnvironment())
    await expect(store.create('a', bytes('1'))).rejects.toMatchObject({
      code: 'STORAGE_FORBIDDEN',
      message: expect.stringContaining('the folder /sys/tidemark'),
    })
  })

  it('makes a folder again that another process removed with the last object in it', async () => {
    const root = await folder()
    const mine = await directoryStore(root, systemEnvironment())
    const theirs = await directoryStore(root, systemEnvironment())
    await mine.create('checkpoints/1/a', bytes('1'))
    await theirs.delete('checkpoints/1/a')
    expect(await mine.create('checkpoints/1/b', bytes('2'))).toBe('created')
    expect(await theirs.list('')).toEqual(['checkpoints/1/b'])
  })

  it('names every object that it could not delete, and deletes the others', async () => {
    const root = await folder()
    const store = await directoryStore(root, systemEnvironment())
    for (const name of ['a', 'b', 'c']) await store.create(name, bytes(name))
    // Folders where objects should be.
    for (const name of ['x', 'y']) await mkdir(join(root, name, 'below'), { recursive: true })
    await expect(store.deleteMany(['a', 'x', 'b', 'y', 'c'])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringMatching(/^2 of 5 objects in .* could not be deleted; the first is x: /),
    })
    expect(await store.list('')).toEqual([])
  })
})

describe('a file system without hard links', () => {
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(`${code}: not supported`), { code }))

  it.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])('is named as the cause when it answers %s', async (code) => {
    await expect(linkNew('/from', '/to', { root: '/mnt/share', link: failing(code) })).rejects.toMatchObject({
      code: 'STORAGE_WITHOUT_LINKS',
      message: expect.stringMatching(/file system of \/mnt\/share has no hard links .*s3:\/\//),
    })
  })

  it('is not taken for a full disk', async () => {
    await expect(linkNew('/from', '/to', { root: '/mnt/share', link: failing('ENOSPC') })).rejects.toMatchObject({
      code: 'ENOSPC',
    })
  })
})
