import { afterAll, beforeAll, describe, it } from 'vitest'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import { type DiskLeaves, openDiskLeaves } from '../../../../runtime/state/disk/disk-leaves.js'
import { expectSnapshotsHold } from '../../../core/state/snapshot-rounds.js'
import { IS_WHOLE } from '../../../setup/runs.js'

/** A tenth of the state fits, more or less; or everything is on disk between two steps. */
describe.each([
  ['nothing stays in memory', 0, 0],
  ['some of it stays in memory', 20_000, 40],
])('a snapshot of state on disk, while it changes (%s)', (_name, cacheBytes, changesInMemory) => {
  let disk: DiskLeaves
  beforeAll(async () => {
    disk = await openDiskLeaves({ environment: systemEnvironment(), cacheBytes, changesInMemory })
  })
  afterAll(() => disk.close())

  it.each([
    ['few changes to much state: long chains', true, 60, 25],
    ['any changes to any state', false, 12, 100],
  ])('restores state as of its barrier (%s)', (_name, isFilled, rounds, numRuns) => {
    expectSnapshotsHold({
      isFilled,
      rounds,
      numRuns,
      timeLimitMs: IS_WHOLE ? 3_000 : 1_500,
      leaves: () => disk.storeFor('lab'),
    })
  })
})
