import { afterAll, beforeAll, describe, it } from 'vitest'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import { type DiskLeaves, openDiskLeaves } from '../../../../runtime/state/disk/disk-leaves.js'
import { expectTtlHolds } from '../../../core/state/ttl-rounds.js'

describe.each([
  ['nothing stays in memory', 0],
  ['some of it stays in memory', 3_000],
])('state on disk with a time to live (%s)', (_name, cacheBytes) => {
  let disk: DiskLeaves
  beforeAll(async () => {
    disk = await openDiskLeaves({ environment: systemEnvironment(), cacheBytes, changesInMemory: 4 })
  })
  afterAll(() => disk.close())

  it.each(['onWrite', 'onReadAndWrite'] as const)('is what a model says (updated %s)', (update) => {
    expectTtlHolds({ update, numRuns: 60, leaves: () => disk.storeFor('lab') })
  })
})
