import { messageOf, TidemarkError } from '../../core/errors.js'

export type ZstdCompress = (bytes: Uint8Array) => Uint8Array

let library: Promise<ZstdCompress> | undefined

/** As `zstd` itself has it. */
const LEVEL = 3

/**
 * Zstandard, one frame a call, at once. Node's own comes with 22.15 and 23.8; before that it is that of a package, and what
 * it gives throws ZSTD_BROKEN where something else in the process has broken the package.
 * @throws TidemarkError DEPENDENCY_MISSING with the command that installs it
 */
export async function loadZstd(where: string): Promise<ZstdCompress> {
  // The floor is Node 20, whose types do not have it.
  const zlib = (await import('node:zlib')) as object as { readonly zstdCompressSync?: ZstdCompress }
  if (zlib.zstdCompressSync) return zlib.zstdCompressSync
  try {
    library ??= loadPackage()
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

/**
 * The package has one memory for the whole process, and a second `init` puts a new one beside it: from then on it compresses
 * what lies in the one and gives out what lies in the other, without an error. So it is initialised only where nobody else has
 * done so, and each call looks first whether what is compressed is still what was given.
 */
async function loadPackage(): Promise<ZstdCompress> {
  const { compress, init } = await import('@bokuweb/zstd-wasm')
  const isSound = soundness((bytes) => compress(bytes, LEVEL))
  if (!isSound()) await init()
  return (bytes) => {
    // It fails on an empty input.
    if (bytes.length === 0) return EMPTY_FRAME
    if (!isSound()) throw broken()
    return compress(bytes, LEVEL)
  }
}

/** So few bytes that differ are put into a frame as they are, at its end. */
const PROBE_BYTES = 8

/** Tells whether a frame of some bytes has these bytes; each time others, since what was there before may be there still. */
function soundness(compress: ZstdCompress): () => boolean {
  const probe = Uint8Array.of(0x74, 0x69, 0x64, 0x65, 0, 0, 0, 0)
  const counter = new DataView(probe.buffer)
  let count = 0
  return () => {
    counter.setUint32(PROBE_BYTES / 2, ++count)
    try {
      const frame = compress(probe)
      return Buffer.compare(frame.subarray(-PROBE_BYTES), probe) === 0
    } catch {
      // Not initialised yet, or its memory has ended.
      return false
    }
  }
}

function broken(): TidemarkError {
  return new TidemarkError({
    code: 'ZSTD_BROKEN',
    domain: 'user',
    message:
      'the package @bokuweb/zstd-wasm does not compress what it is given: something in this process has called its init() a ' +
      'second time, which mixes up its memory. Call it once, before the job runs, or run the job on Node 22.15 or later, ' +
      'which has zstd of its own; nothing wrong was written',
  })
}

/** Of RFC 8878: the magic number, a single segment of no bytes, and one last, raw, empty block. */
const EMPTY_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00)
