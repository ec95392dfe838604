import * as zlib from 'node:zlib'
import { compress, decompress, init } from '@bokuweb/zstd-wasm'
import { expect, it } from 'vitest'
import { loadZstd } from '../../../connectors/zstd/load.js'

/** Node's own is nobody else's. */
const isOwn = 'zstdCompressSync' in zlib

it.skipIf(isOwn)(
  'before Node 22.15: leaves the library as the program has initialised it: both go on with it',
  async () => {
    await init()
    const ours = await loadZstd('the test')
    const bytes = Buffer.from('a row of some length, and another row of some length\n'.repeat(100))
    for (let round = 0; round < 200; round++) {
      // A second start of the library takes some turns of the event loop.
      await new Promise(setImmediate)
      expect(bytes.equals(decompress(compress(bytes, 3)))).toBe(true)
      expect(bytes.equals(decompress(ours(bytes)))).toBe(true)
    }
  },
)
