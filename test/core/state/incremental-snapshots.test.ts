import { describe, it } from 'vitest'
import { IS_WHOLE } from '../../setup/runs.js'
import { expectSnapshotsHold } from './snapshot-rounds.js'

describe('a snapshot that is written while state changes', () => {
  it.each([
    ['few changes to much state: long chains', true, 60, IS_WHOLE ? 40 : 20],
    ['any changes to any state', false, 12, 200],
  ])('restores state as of its barrier (%s)', (_name, isFilled, rounds, numRuns) => {
    expectSnapshotsHold({ isFilled, rounds, numRuns })
  })
})
