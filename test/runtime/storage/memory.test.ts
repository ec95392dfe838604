import { describe, expect, it } from 'vitest'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { bytes, describeConformance } from './conformance.js'

describeConformance('memory', async () => memoryStore())

describe('a store in memory', () => {
  it('dates objects by the clock of its environment', async () => {
    const environment = virtualEnvironment({ startAt: 1000 })
    const store = memoryStore(environment)
    await store.create('first', bytes('1'))
    await environment.advance(500)
    await store.create('second', bytes('22'))
    expect(await store.listObjects('')).toEqual([
      { name: 'first', bytes: 1, modifiedAt: 1000 },
      { name: 'second', bytes: 2, modifiedAt: 1500 },
    ])
  })
})
