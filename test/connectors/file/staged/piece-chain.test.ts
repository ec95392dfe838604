import { describe, expect, test } from 'vitest'
import { type ChainedFile, PieceChain } from '../../../../connectors/file/staged/piece-chain.js'
import { TidemarkError } from '../../../../core/errors.js'

const KIB = 1024
const failed = (thrown: unknown): TidemarkError =>
  new TidemarkError({ code: 'STORAGE_FAILED', domain: 'storage', message: String(thrown) })

function start() {
  const log: string[] = []
  const chain = new PieceChain({
    failed,
    onFailure: () => log.push('failed'),
    onProgress: () => log.push(`${chain.queuedBytes} left`),
    yield: async () => void log.push('turn'),
  })
  const file = (name: string, options: Partial<ChainedFile> = {}): ChainedFile => {
    const unfinished = {
      append: async (pieces: readonly Uint8Array[]) => void log.push(`${name} ${pieces.map(({ length }) => length)}`),
      waitingBytes: 0,
      suspend: async () => ({ id: name, state: {} }),
      finish: async () => () => ({}),
      discard: async () => undefined,
      leave: async () => undefined,
    }
    return { file: unfinished, compressor: undefined, queued: [], ...options }
  }
  const queue = (to: ChainedFile, bytes: number): void => chain.queue(to, { encoded: new Uint8Array(bytes), bytes })
  return { chain, log, file, queue }
}

describe('pieces on their way to the storage', () => {
  test('those of a file that wait together are stored with one call', async () => {
    const { chain, log, file, queue } = start()
    const [a, b] = [file('a'), file('b')]
    queue(a, 1)
    queue(b, 2)
    queue(a, 3)
    expect(chain.queuedBytes).toBe(6)
    await chain.after(async () => undefined)
    expect(log).toEqual(['a 1,3', '2 left', 'b 2', '0 left'])
  })

  test('a call has about 512 KiB', async () => {
    const { chain, log, file, queue } = start()
    const a = file('a')
    for (const kib of [200, 200, 200, 600, 100]) queue(a, kib * KIB)
    await chain.after(async () => undefined)
    const sizes = log.filter((line) => line.startsWith('a ')).map((line) => line.slice(2).split(','))
    expect(sizes.map((pieces) => pieces.map((bytes) => Number(bytes) / KIB))).toEqual([[200, 200], [200], [600], [100]])
  })

  test('one that is still to be encoded has a turn of the event loop of its own, and keeps its place', async () => {
    const { chain, log, file, queue } = start()
    const a = file('a')
    queue(a, 1)
    chain.queue(a, { encoded: () => new Uint8Array(20), bytes: 2 })
    chain.queue(a, { encoded: () => new Uint8Array(30), bytes: 3 })
    queue(a, 4)
    await chain.after(async () => undefined)
    expect(log).toEqual(['a 1', '9 left', 'a 20', '7 left', 'turn', 'a 30', '4 left', 'turn', 'a 4', '0 left'])
  })

  test('what is compressed elsewhere is compressed together; on the event loop, piece by piece', async () => {
    const { chain, log, file, queue } = start()
    const half = (holdsLoop: boolean) => ({
      holdsLoop,
      push: async (piece: Uint8Array) => piece.subarray(0, piece.length / 2),
      cut: async () => new Uint8Array(),
      destroy: () => undefined,
    })
    const [a, b] = [file('a', { compressor: half(false) }), file('b', { compressor: half(true) })]
    for (const to of [a, b]) for (const bytes of [2, 4]) queue(to, bytes)
    await chain.after(async () => undefined)
    expect(log).toEqual(['a 3', '6 left', 'b 1', '4 left', 'turn', 'b 2', '0 left', 'turn'])
  })

  test('nothing is stored behind a failure, which is told once and thrown to whoever comes later', async () => {
    const { chain, log, file, queue } = start()
    const broken = file('a')
    queue({ ...broken, file: { ...broken.file, append: () => Promise.reject(new Error('disk full')) } }, 1)
    queue(file('b'), 2)
    await expect(chain.after(async () => log.push('never'))).rejects.toMatchObject({ message: 'Error: disk full' })
    expect(chain.failure?.message).toBe('Error: disk full')
    expect(log).toEqual(['failed'])
  })

  test('nothing begins once it is closed', async () => {
    const { chain, log, file, queue } = start()
    const closed = chain.close()
    queue(file('a'), 1)
    await expect(chain.after(async () => log.push('never'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await closed
    expect(log.filter((line) => line !== 'failed')).toEqual([])
  })
})
