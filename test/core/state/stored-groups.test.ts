import { describe, expect, it } from 'vitest'
import { encode } from '../../../core/codec/index.js'
import { HeapKeyedStateBackend } from '../../../core/state/heap-backend.js'
import { StoredGroups } from '../../../core/state/stored-groups.js'

const range = { first: 2, end: 6 }
const value = { kind: 'value', name: 'total' } as const

const storedValue = (key: string, total: number): Uint8Array =>
  encode({ 'state:total': { layout: 'value-by-key', version: 1, data: new Map([[key, total]]) } })

const restored = (group: number): Uint8Array | undefined => {
  if (group === 3) return storedValue('a', 1)
  return group === 5 ? storedValue('b', 2) : undefined
}

describe('stored groups', () => {
  it('are decoded one a call, those without state passed over, and nothing before the first call', () => {
    const asked: number[] = []
    const stored = new StoredGroups('step', range, (group) => {
      asked.push(group)
      return restored(group)
    })
    expect(asked).toEqual([])
    expect(stored.decodeNext()).toBe(true)
    expect(asked).toEqual([2, 3])
    expect(stored.of(3)).toBeDefined()
    expect(stored.of(5)).toBeUndefined()
    expect(stored.decodeNext()).toBe(true)
    expect(stored.decodeNext()).toBe(false)
    expect(asked).toEqual([2, 3, 4, 5])
  })

  it.each([0, 1, 2])('%i of which are decoded already are restored whole', (decoded) => {
    const stored = new StoredGroups('step', range, restored)
    for (let count = 0; count < decoded; count++) stored.decodeNext()
    const backend = new HeapKeyedStateBackend({ operatorId: 'step', range, stored })
    const total = backend.value<number>(value)
    backend.setCurrentKey('a', 3)
    expect(total.value()).toBe(1)
    backend.setCurrentKey('b', 5)
    expect(total.value()).toBe(2)
  })

  it('that cannot be decoded are an error when their turn comes, naming operator and group', () => {
    const stored = new StoredGroups('step', range, (group) => (group === 5 ? Uint8Array.of(0xc1) : restored(group)))
    expect(stored.decodeNext()).toBe(true)
    expect(() => stored.decodeNext()).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_CORRUPT',
        operatorId: 'step',
        message: expect.stringContaining('5'),
      }),
    )
  })
})
