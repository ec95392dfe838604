import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KeyedState } from '../../../../core/state/keyed-state.js'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import { openDiskLeaves } from '../../../../runtime/state/disk/disk-leaves.js'

const environment = systemEnvironment()
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-test-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const missing = (): never => {
  throw Object.assign(new Error("Cannot find package 'lmdb'"), { code: 'ERR_MODULE_NOT_FOUND' })
}

describe('state on disk', () => {
  it('says which package is missing and how to install it', async () => {
    await expect(openDiskLeaves({ environment, directory: folder, load: async () => missing() })).rejects.toMatchObject(
      {
        code: 'DEPENDENCY_MISSING',
        domain: 'user',
        message: expect.stringContaining("'npm i lmdb@^3.5.0'"),
      },
    )
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses a directory that is a file', async () => {
    const file = join(folder, 'file')
    await writeFile(file, '')
    await expect(openDiskLeaves({ environment, directory: join(file, 'state') })).rejects.toMatchObject({
      code: 'STATE_DIRECTORY_UNUSABLE',
      domain: 'user',
      retryable: false,
      message: expect.stringContaining(join(file, 'state')),
    })
  })

  // The superuser may write anywhere.
  it.skipIf(process.getuid?.() === 0)('refuses a directory that it may not write to', async () => {
    await chmod(folder, 0o500)
    await expect(openDiskLeaves({ environment, directory: folder })).rejects.toMatchObject({
      code: 'STATE_DIRECTORY_UNUSABLE',
    })
    await chmod(folder, 0o700)
  })

  it('touches the disk only when the cache is full, and leaves nothing there', async () => {
    const disk = await openDiskLeaves({ environment, directory: folder, cacheBytes: 0 })
    const [own] = await readdir(folder)
    const state = new KeyedState({ operatorId: 'a', range: { first: 0, end: 1 }, leaves: disk.storeFor('a') })
    const value = state.value<number>({ kind: 'value', name: 'value' })
    expect(await readdir(join(folder, own as string))).toEqual([])
    state.setCurrentKey('key', 0)
    value.update(1)
    state.trim()
    expect(value.value()).toBe(1)
    state.close()
    await disk.close()
    expect(await readdir(folder)).toEqual([])
  })

  it.skipIf(process.platform === 'win32')('has files without names, so that a killed process leaves none', async () => {
    const disk = await openDiskLeaves({ environment, directory: folder, cacheBytes: 0 })
    const state = new KeyedState({ operatorId: 'a', range: { first: 0, end: 1 }, leaves: disk.storeFor('a') })
    const value = state.value<string>({ kind: 'value', name: 'value' })
    for (let key = 0; key < 1000; key++) {
      state.setCurrentKey(key, 0)
      value.update('x'.repeat(100))
    }
    state.trim()
    const [own] = await readdir(folder)
    expect(await readdir(join(folder, own as string))).toEqual([])
    state.setCurrentKey(77, 0)
    expect(value.value()).toBe('x'.repeat(100))
    await disk.close()
  })

  it('removes what was left an hour ago, and nothing else', async () => {
    const names = ['tidemark-state-old', 'tidemark-state-new', 'other']
    for (const name of names) await mkdir(join(folder, name))
    const { mtimeMs } = await stat(folder)
    const longAgo = mtimeMs / 1000 - 3700
    for (const name of ['tidemark-state-old', 'other']) await utimes(join(folder, name), longAgo, longAgo)
    const disk = await openDiskLeaves({ environment, directory: folder })
    const left = await readdir(folder)
    expect(left).not.toContain('tidemark-state-old')
    expect(left).toEqual(expect.arrayContaining(['tidemark-state-new', 'other']))
    await disk.close()
  })

  it.skipIf(process.platform === 'win32')('says that it cannot write when the disk is full', async () => {
    // A limit on the size of files answers as a full disk does: a write that is not done.
    const script = fileURLToPath(new URL('./fill-disk.ts', import.meta.url))
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      'trap "" XFSZ; ulimit -f 2048; exec "$0" --no-warnings --import tsx "$1" "$2"',
      process.execPath,
      script,
      folder,
    ])
    const found = JSON.parse(stdout) as { code: string; operatorId: string; retryable: boolean; message: string }
    expect(found).toMatchObject({ code: 'STATE_DISK_FAILED', operatorId: 'totals', retryable: true })
    expect(found.message).toContain('look whether the disk is full')
    expect(found.message).toContain(folder)
  })
})
