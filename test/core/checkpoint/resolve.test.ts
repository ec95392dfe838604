import { describe, expect, it } from 'vitest'
import {
  applyEvent,
  type CheckpointRef,
  type JobEvent,
  type JobState,
  type SavepointOrigin,
} from '../../../core/checkpoint/job-state.js'
import type { CheckpointManifest } from '../../../core/checkpoint/manifest.js'
import { type RecoveryFacts, resolve } from '../../../core/checkpoint/resolve.js'
import type { TidemarkError } from '../../../core/errors.js'

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

const manifest = (changes: Partial<CheckpointManifest> = {}): CheckpointManifest => ({
  format: 'tidemark-savepoint',
  version: 0,
  tidemark: '0.0.0',
  triggeredAt: 0,
  job: 'taxi',
  lineage: 'old',
  generation: 3,
  id: 9,
  fingerprint: 'f',
  maxParallelism: 128,
  input: 'open',
  operators: [],
  ...changes,
})
const origin: SavepointOrigin = { location: 's3://bucket/savepoint', id: 9, isClaimed: false }
const codeOf = (changes: Partial<RecoveryFacts>): unknown => {
  try {
    return resolve(facts(changes)).kind
  } catch (error) {
    return (error as TidemarkError).code
  }
}

/** The rows of FAULTS.md that a decision about recovery can break. */
describe('faults of recovery', () => {
  it('row 3, a late notice for a subsumed checkpoint: everything up to the newest is committed, the oldest first', () => {
    const checkpoints = [ref(4), ref(6), ref(7)]
    for (const [committed, open] of [
      [3, [4, 6, 7]],
      [4, [6, 7]],
      // Output of 5 was committed with 6, or never was any.
      [5, [6, 7]],
      [7, []],
    ] as const) {
      const { commitFirst } = resolve(facts({ state: state({ checkpoints, committed }) })) as {
        commitFirst: readonly CheckpointRef[]
      }
      expect(commitFirst.map(({ id }) => id)).toEqual(open)
    }
  })

  it('row 4, killed between manifest and commit: what the log names is committed, also when the job had ended', () => {
    for (const input of ['open', 'drained', 'finished'] as const) {
      const killed = state({ checkpoints: [ref(5, input)], committed: 4 })
      expect(resolve(facts({ state: killed }))).toMatchObject({ commitFirst: [ref(5, input)] })
    }
  })

  it('row 5, going back behind committed output: never to anything but the newest checkpoint', () => {
    const retained = state({ checkpoints: [ref(3), ref(4), ref(5)], committed: 5 })
    expect(resolve(facts({ state: retained }))).toMatchObject({ kind: 'restore', from: ref(5) })
    // A savepoint counts only where there is nothing yet.
    const savepoint = { manifest: manifest(), origin }
    expect(resolve(facts({ state: retained, savepoint }))).toMatchObject({ kind: 'restore', from: ref(5) })
    expect(codeOf({ state: retained, savepoint, mode: 'fresh' })).toBe('CHECKPOINTS_EXIST')
  })

  it('row 6, none found after one existed is fatal', () => {
    expect(codeOf({ state: state({ committed: 5 }) })).toBe('CHECKPOINT_MISSING')
    // Also where the job began with a savepoint: it is older than what was shown.
    expect(codeOf({ state: state({ committed: 11, origin }) })).toBe('CHECKPOINT_MISSING')
    expect(resolve(facts({ state: state({ committed: 9, origin }) }))).toMatchObject({ kind: 'restore', from: origin })
  })

  it('row 6, the coordinator is killed in every state of a job: the next start goes on, and never empty', () => {
    const journal: JobEvent[] = [
      { kind: 'created', job: 'taxi', lineage: 'abc', maxParallelism: 128, origin },
      { kind: 'committed', checkpoint: 9 },
      { kind: 'checkpoint', checkpoint: ref(10), retain: 1 },
      { kind: 'committed', checkpoint: 10 },
      { kind: 'generation' },
      { kind: 'checkpoint', checkpoint: ref(11), retain: 1 },
      { kind: 'generation' },
      { kind: 'committed', checkpoint: 11 },
      { kind: 'checkpoint', checkpoint: ref(12, 'finished'), retain: 1 },
      { kind: 'committed', checkpoint: 12 },
    ]
    let written: JobState | undefined
    const found = journal.map((event) => {
      written = applyEvent(written, event)
      const decision = resolve(facts({ state: written }))
      const from = decision.kind === 'restore' ? decision.from?.id : decision.kind
      return [from, 'commitFirst' in decision ? decision.commitFirst.map(({ id }) => id) : []]
    })
    expect(found).toEqual([
      [9, []],
      [9, []],
      [10, [10]],
      [10, []],
      [10, []],
      [11, [11]],
      [11, [11]],
      [11, []],
      ['complete', [12]],
      ['complete', []],
    ])
  })

  it('row 7, an entry whose outcome is not known: both outcomes have a decision that repeats and loses nothing', () => {
    const before = state({ checkpoints: [ref(4)], committed: 4 })
    const after = applyEvent(before, { kind: 'checkpoint', checkpoint: ref(5), retain: 1 })
    expect(resolve(facts({ state: before }))).toEqual({ kind: 'restore', from: ref(4), commitFirst: [] })
    expect(resolve(facts({ state: after }))).toEqual({ kind: 'restore', from: ref(5), commitFirst: [ref(5)] })
  })

  it('row 8, what is deleted while a restart goes on: the log keeps naming what is not committed, whatever retain says', () => {
    let written = state({ checkpoints: [ref(4)], committed: 3 })
    written = applyEvent(written, { kind: 'checkpoint', checkpoint: ref(5), retain: 1 })
    expect(resolve(facts({ state: written }))).toMatchObject({ commitFirst: [ref(4), ref(5)] })
  })

  it('row 9, a generation is claimed before anything else: two starts never have the same one', () => {
    const claimed = applyEvent(state({ generation: 7 }), { kind: 'generation' })
    expect(claimed.generation).toBe(8)
    expect(applyEvent(claimed, { kind: 'generation' }).generation).toBe(9)
  })

  it('a generation is claimed at least a second after the one before it, also when the clock went back', () => {
    let written = applyEvent(undefined, {
      kind: 'created',
      job: 'taxi',
      lineage: 'abc',
      maxParallelism: 128,
      at: 50_000,
    })
    const claimed = [60_000, 60_000, 60_999, 10_000, 70_000].map((at) => {
      written = applyEvent(written, { kind: 'generation', at })
      return written.claimedAt
    })
    expect(claimed).toEqual([60_000, 61_000, 62_000, 63_000, 70_000])
    const { claimedAt: _, ...old } = written
    expect(applyEvent(old, { kind: 'generation', at: 80_000 }).claimedAt).toBe(80_000)
  })

  it('row 19, a drain is the end of the job, and its savepoint begins nothing unless asked for', () => {
    const drained = state({ checkpoints: [ref(7, 'drained')], committed: 7 })
    expect(resolve(facts({ state: drained })).kind).toBe('complete')
    for (const input of ['drained', 'finished'] as const) {
      const savepoint = { manifest: manifest({ input }), origin }
      expect(codeOf({ savepoint })).toBe('SAVEPOINT_DRAINED')
      expect(resolve(facts({ savepoint, resumeDrained: true }))).toEqual({ kind: 'start', origin })
    }
    // What had ended by itself has nothing to go on with.
    const finished = state({ checkpoints: [ref(7, 'finished')], committed: 7 })
    expect(resolve(facts({ state: finished, resumeDrained: true })).kind).toBe('complete')
  })
})

describe('a start from a savepoint', () => {
  it('is made where there is no log, and is where the job goes back to until it has a checkpoint', () => {
    const savepoint = { manifest: manifest(), origin }
    expect(resolve(facts({ mode: 'fresh', savepoint }))).toEqual({ kind: 'start', origin })
    expect(resolve(facts({ state: state({ origin }) }))).toEqual({ kind: 'restore', from: origin, commitFirst: [] })
  })

  it('is refused for another job and for another max parallelism, naming both and the savepoint', () => {
    const other = { manifest: manifest({ job: 'other' }), origin }
    expect(() => resolve(facts({ savepoint: other }))).toThrow(/s3:\/\/bucket\/savepoint.*'other'.*'taxi'/)
    const savepoint = { manifest: manifest(), origin }
    expect(() => resolve(facts({ savepoint, maxParallelism: 256 }))).toThrow(/128 \(savepoint s3:.*256/)
  })
})
