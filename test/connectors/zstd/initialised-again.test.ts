import * as zlib from 'node:zlib'
import { init } from '@bokuweb/zstd-wasm'
import { expect, it } from 'vitest'
import { loadZstd } from '../../../connectors/zstd/load.js'

/** Node's own is nobody else's. */
const isOwn = 'zstdCompressSync' in zlib
const TURNS = 100_000

it.skipIf(isOwn)(
  'before Node 22.15: never gives a wrong frame when the program initialises the library again, but says so',
  async () => {
    const compress = await loadZstd('the test')
    const bytes = Buffer.from('a row of some length, and another row of some length\n'.repeat(100))
    const right = Buffer.from(compress(bytes))
    let found: unknown
    const again = init()
    for (let turn = 0; turn < TURNS && found === undefined; turn++) {
      try {
        expect(right.equals(compress(bytes))).toBe(true)
      } catch (thrown) {
        found = thrown
      }
      await new Promise(setImmediate)
    }
    await again
    expect(found).toMatchObject({ code: 'ZSTD_BROKEN', message: expect.stringContaining('init()') })
    expect(() => compress(bytes)).toThrow('mixes up its memory')
  },
)
