import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { millis } from '../../../../core/duration.js'
import { KeyedState } from '../../../../core/state/keyed-state.js'
import { systemEnvironment } from '../../../../runtime/environment/system.js'
import { type DiskLeaves, openDiskLeaves } from '../../../../runtime/state/disk/disk-leaves.js'
import { expectTtlHolds } from '../../../core/state/ttl-rounds.js'
import { IS_WHOLE } from '../../../setup/runs.js'

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
    expectTtlHolds({ update, numRuns: IS_WHOLE ? 60 : 30, leaves: () => disk.storeFor('lab') })
  })

  it('lives on when a map of it is iterated, where reads count', () => {
    const clock = { time: 0, now: () => clock.time }
    const leaves = disk.storeFor('iterated')
    const state = new KeyedState({ operatorId: 'iterated', range: { first: 0, end: 1 }, clock, leaves })
    const ttl = { after: millis(100), update: 'onReadAndWrite' } as const
    const map = state.map<number, number>({ kind: 'map', name: 'map', ttl })
    state.setCurrentKey('a', 0)
    for (let key = 0; key < 100; key++) map.put(key, key)
    state.trim()
    clock.time = 60
    expect([...map.keys()]).toHaveLength(100)
    state.trim()
    clock.time = 120
    expect(map.get(99)).toBe(99)
    expect([...map.keys()]).toHaveLength(100)
    clock.time = 220
    expect([...map.keys()]).toEqual([])
    state.close()
  })
})
