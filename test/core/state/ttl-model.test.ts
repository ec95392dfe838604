import { describe, it } from 'vitest'
import { expectTtlHolds } from './ttl-rounds.js'

describe('state with a time to live, over random time, snapshots and restores', () => {
  it.each(['onWrite', 'onReadAndWrite'] as const)('is what a model says (updated %s)', (update) => {
    expectTtlHolds({ update, numRuns: 200 })
  })
})
