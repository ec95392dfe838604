import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { systemEnvironment } from '../../../runtime/environment/system.js'
import { directoryStore } from '../../../runtime/storage/directory.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import type { ObjectStore } from '../../../runtime/storage/object-store.js'

const folders: string[] = []

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'tidemark-store-'))
  folders.push(made)
  return made
}

afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true })
})

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const stores: readonly (readonly [string, () => Promise<ObjectStore>])[] = [
  ['memory', async () => memoryStore()],
  ['directory', async () => directoryStore(await folder(), systemEnvironment())],
]

describe.each(stores)('object store conformance: %s', (_name, open) => {
  it('reads back what was created', async () => {
    const store = await open()
    expect(await store.create('a/b/c', bytes('hello'))).toBe('created')
    expect(Buffer.from((await store.read('a/b/c')) ?? []).toString()).toBe('hello')
  })

  it('reads undefined for what is not there', async () => {
    const store = await open()
    expect(await store.read('a/b')).toBeUndefined()
  })

  it('leaves an object untouched when its name is created again', async () => {
    const store = await open()
    await store.create('x', bytes('first'))
    expect(await store.create('x', bytes('second'))).toBe('exists')
    expect(Buffer.from((await store.read('x')) ?? []).toString()).toBe('first')
  })

  it('lets exactly one of many concurrent creates of a name win', async () => {
    const store = await open()
    const outcomes = await Promise.all(
      Array.from({ length: 16 }, (_, n) => store.create('race/x', bytes(`writer ${n}`))),
    )
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    const winner = outcomes.indexOf('created')
    expect(Buffer.from((await store.read('race/x')) ?? []).toString()).toBe(`writer ${winner}`)
  })

  it('lists names by prefix, sorted', async () => {
    const store = await open()
    for (const name of ['log/2', 'log/1', 'logs/1', 'other/log/1', 'log/10/x']) await store.create(name, bytes(name))
    expect(await store.list('log/')).toEqual(['log/1', 'log/10/x', 'log/2'])
    expect(await store.list('log/1')).toEqual(['log/1', 'log/10/x'])
    expect(await store.list('')).toHaveLength(5)
    expect(await store.list('none/')).toEqual([])
  })

  it('deletes, and deletes again', async () => {
    const store = await open()
    await store.create('a/x', bytes('1'))
    await store.delete('a/x')
    await store.delete('a/x')
    expect(await store.read('a/x')).toBeUndefined()
    expect(await store.create('a/x', bytes('2'))).toBe('created')
  })

  it('does not alias the bytes it was given', async () => {
    const store = await open()
    const data = bytes('abc')
    await store.create('x', data)
    data.fill(0)
    expect(Buffer.from((await store.read('x')) ?? []).toString()).toBe('abc')
  })
})

describe('a directory store', () => {
  it('refuses names that would leave its folder', async () => {
    const store = await directoryStore(await folder(), systemEnvironment())
    for (const name of ['../x', 'a/../../x', '/etc/x', 'a//b', '.', '']) {
      await expect(store.create(name, bytes('x'))).rejects.toMatchObject({ code: 'STORAGE_NAME_INVALID' })
    }
  })

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

  it('says what is wrong when its folder is a file', async () => {
    const root = await folder()
    await writeFile(join(root, 'file'), 'x')
    await expect(directoryStore(join(root, 'file'), systemEnvironment())).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      domain: 'storage',
    })
  })
})
