import { messageOf, TidemarkError } from '../../core/errors.js'

export type ZstdCompress = (bytes: Uint8Array) => Uint8Array

/** Once a process: a second `init` gives the library new memory beside what it still has in the old. */
let library: Promise<ZstdCompress> | undefined

/** As `zstd` itself has it. */
const LEVEL = 3

/**
 * Zstandard, one frame a call, at once. Node's own comes with 22.15 and 23.8; before that it is that of a package.
 * @throws TidemarkError DEPENDENCY_MISSING with the command that installs it
 */
export async function loadZstd(where: string): Promise<ZstdCompress> {
  // The floor is Node 20, whose types do not have it.
  const zlib = (await import('node:zlib')) as object as { readonly zstdCompressSync?: ZstdCompress }
  if (zlib.zstdCompressSync) return zlib.zstdCompressSync
  try {
    library ??= import('@bokuweb/zstd-wasm').then(async ({ init, compress }) => {
      await init()
      // It fails on an empty input.
      return (bytes) => (bytes.length === 0 ? EMPTY_FRAME : compress(bytes, LEVEL))
    })
    return await library
  } catch (thrown) {
    library = undefined
    throw new TidemarkError({
      code: 'DEPENDENCY_MISSING',
      domain: 'user',
      message:
        `${where}: zstd needs Node 22.15 or later, or the package @bokuweb/zstd-wasm (${messageOf(thrown)}): ` +
        'npm i @bokuweb/zstd-wasm',
      cause: thrown,
    })
  }
}

/** Of RFC 8878: the magic number, a single segment of no bytes, and one last, raw, empty block. */
const EMPTY_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00)
