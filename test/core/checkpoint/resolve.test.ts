import { describe, expect, it } from 'vitest'
import type { CheckpointRef, JobState } from '../../../core/checkpoint/job-state.js'
import { type RecoveryFacts, resolve } from '../../../core/checkpoint/resolve.js'

const ref = (id: number, input: CheckpointRef['input'] = 'open'): CheckpointRef => ({
  id,
  generation: 1,
  input,
  length: 1,
  crc32: 1,
})
const state = (changes: Partial<JobState>): JobState => ({
  job: 'taxi',
  lineage: 'abc',
  maxParallelism: 128,
  generation: 1,
  checkpoints: [],
  committed: 0,
  ...changes,
})
const facts = (changes: Partial<RecoveryFacts>): RecoveryFacts => ({
  state: undefined,
  mode: 'resume',
  job: 'taxi',
  maxParallelism: undefined,
  resumeDrained: false,
  location: 'state/taxi',
  ...changes,
})

describe('recovery', () => {
  it('starts fresh where there is no log', () => {
    expect(resolve(facts({ mode: 'fresh' }))).toEqual({ kind: 'start' })
    expect(resolve(facts({ mode: 'resume' }))).toEqual({ kind: 'start' })
  })

  it('refuses a fresh start onto existing checkpoints', () => {
    expect(() => resolve(facts({ mode: 'fresh', state: state({}) }))).toThrow(
      expect.objectContaining({ code: 'CHECKPOINTS_EXIST' }),
    )
  })

  it('restores the newest checkpoint and first commits what is not logged as committed, oldest first', () => {
    const decision = resolve(facts({ state: state({ checkpoints: [ref(3), ref(4), ref(5)], committed: 3 }) }))
    expect(decision).toEqual({ kind: 'restore', from: ref(5), commitFirst: [ref(4), ref(5)] })
  })

  it('begins at the start of the input when no checkpoint was completed', () => {
    expect(resolve(facts({ state: state({}) }))).toEqual({ kind: 'restore', from: undefined, commitFirst: [] })
  })

  it('only commits what is open when the job had finished', () => {
    const decision = resolve(facts({ state: state({ checkpoints: [ref(7, 'finished')], committed: 6 }) }))
    expect(decision).toEqual({ kind: 'complete', commitFirst: [ref(7, 'finished')] })
  })

  it('takes a drained job for finished unless told to go on', () => {
    const drained = state({ checkpoints: [ref(7, 'drained')], committed: 7 })
    expect(resolve(facts({ state: drained }))).toEqual({ kind: 'complete', commitFirst: [] })
    expect(resolve(facts({ state: drained, resumeDrained: true }))).toMatchObject({ kind: 'restore' })
  })

  it('refuses the checkpoints of another job, naming both', () => {
    expect(() => resolve(facts({ state: state({ job: 'other' }) }))).toThrow(/'other'.*'taxi'/)
  })

  it('refuses another max parallelism, naming both values', () => {
    expect(() => resolve(facts({ state: state({}), maxParallelism: 256 }))).toThrow(/128.*256/)
    expect(resolve(facts({ state: state({}), maxParallelism: 128 }))).toMatchObject({ kind: 'restore' })
  })
})
