import type { Source, Split } from 'tidemark'

export interface Update {
  readonly key: string
  readonly amount: number
}

/** Which keys are updated between two checkpoints. */
export interface UpdatePlan {
  /** Updated one after the other at first, so that each has state. */
  readonly keys: number
  /** Of the keys, those that change between two checkpoints: a block of them, then another. */
  readonly changing: number
  /** Without checkpoints the block changes by the clock. */
  readonly hasCheckpoints: boolean
  /** How long updates go on after that, milliseconds. */
  readonly forMs: number
}

export interface UpdatesSource extends Source<Update> {
  /** Updates since all keys have state. */
  readonly updates: number
  /** How long that took, milliseconds. */
  readonly elapsedMs: number
  readonly isFilled: boolean
}

/** Made once for all runs: a source that costs next to nothing. */
export function makeUpdates(keys: number): readonly Update[] {
  return Array.from({ length: keys }, (_, index) => ({ key: `account-${index}`, amount: index % 97 }))
}

export function updatesSource(all: readonly Update[], plan: UpdatePlan): UpdatesSource {
  const split: Split = { id: 'updates' }
  let next = 0
  let updates = 0
  let filledAt = Number.NaN
  let endedAt = Number.NaN
  let block = 0
  let inBlock = 0
  let blockEndsAt = 0
  const nextBlock = (): void => {
    block++
    inBlock = 0
    blockEndsAt += 1000
  }

  const take = (count: number): Update[] => {
    const values: Update[] = []
    for (let i = 0; i < count; i++) {
      values.push(all[(block * plan.changing + inBlock) % plan.keys] as Update)
      if (++inBlock === plan.changing) inBlock = 0
    }
    updates += count
    return values
  }
  return {
    kind: 'updates',
    bounded: true,
    get updates() {
      return updates
    },
    get elapsedMs() {
      return endedAt - filledAt
    },
    get isFilled() {
      return !Number.isNaN(filledAt)
    },
    enumerate: () => ({ discover: async (known) => (known.has(split.id) ? [] : [split]) }),
    read: () => ({
      poll(maxRecords) {
        if (next < plan.keys) {
          const values = all.slice(next, Math.min(next + maxRecords, plan.keys))
          next += values.length
          return { values }
        }
        const now = performance.now()
        if (Number.isNaN(filledAt)) {
          filledAt = now
          blockEndsAt = now + 1000
        }
        if (!plan.hasCheckpoints && now >= blockEndsAt) nextBlock()
        if (now >= filledAt + plan.forMs) {
          endedAt = now
          return undefined
        }
        return { values: take(Math.min(maxRecords, 512)) }
      },
      // Asked for at a barrier: what follows belongs to the next checkpoint.
      position() {
        if (plan.hasCheckpoints) nextBlock()
        return split
      },
      get finished() {
        return !Number.isNaN(endedAt)
      },
      get caughtUp() {
        return !Number.isNaN(endedAt)
      },
      close: () => undefined,
    }),
  }
}
