/*
 * How far back an increment reaches. A key group is stored as a chain of runs: a whole one, and behind it runs of what
 * changed after the one before. Performs no I/O.
 *
 * 1. When the changes since the whole run amount to one to two times the entries of the group, it is written whole again:
 *    what is written is at most about twice what changed, what is stored at most three times what there is.
 * 2. Eight small runs of one tier are merged into one of the next (a log-structured merge tree), so that a chain stays
 *    short though little changes between two checkpoints. Large runs are not: they make the group whole soon.
 * 3. A group that has become empty is whole: that is less than to name what was deleted.
 * 4. An object holds groups that change much beside others that change little and so keep all of it in storage. When that
 *    amounts to several times the state, the groups with the oldest runs are written whole (`planRewrites`).
 */

/** Runs of one tier that are merged into one of the next. */
const FAN_IN = 8
/** A merge that would write more than this share of the group is not worth it. */
const LARGEST_MERGE = 1 / 4
/** From here on it is done all the same: a restore reads the whole chain. */
const LONGEST_CHAIN = 64
/** Below that, how many entries there are says little. */
const SMALL_GROUP = 16

export interface RunSize {
  readonly tier: number
  /** Entries and deletions. */
  readonly count: number
}

export interface RunPlan {
  /** Runs before this one stay; it and those behind it are replaced by the new run. 0: the new run is whole. */
  readonly keep: number
  readonly tier: number
}

/**
 * @param runs the chain, its whole run first; empty: there is none yet
 * @param changed since the last run
 * @param live entries that the group has now
 * @param phase between 0 and 1, of the group: not all of them are to be written whole by the same checkpoint
 */
export function planRun(runs: readonly RunSize[], changed: number, live: number, phase: number): RunPlan {
  const whole: RunPlan = { keep: 0, tier: 0 }
  if (runs.length === 0 || live === 0) return whole
  let changes = changed
  for (let index = 1; index < runs.length; index++) changes += (runs[index] as RunSize).count
  if (changes >= Math.max(SMALL_GROUP, live) * (1 + phase)) return whole
  let keep = runs.length
  let tier = 0
  let merged = changed
  for (;;) {
    const from = keep - (FAN_IN - 1)
    if (from < 1) break
    const count = countOfTier(runs, from, keep, tier)
    if (Number.isNaN(count) || (merged + count > live * LARGEST_MERGE && runs.length < LONGEST_CHAIN)) break
    merged += count
    keep = from
    tier++
  }
  return { keep, tier }
}

/** NaN when not all of them are of the tier. */
function countOfTier(runs: readonly RunSize[], from: number, end: number, tier: number): number {
  let count = 0
  for (let index = from; index < end; index++) {
    const run = runs[index] as RunSize
    if (run.tier !== tier) return Number.NaN
    count += run.count
  }
  return count
}

/** Entries in storage for each one that there is. */
const MOST_STORED = 4
/** Below that, in entries, space is no matter. */
const SMALL_STATE = 1024

export interface StoredGroup {
  readonly slot: number
  /** Entries that it has now. */
  readonly live: number
  /** The checkpoint of its whole run. */
  readonly oldest: number
}

export interface StoredEntries {
  /** Entries of all objects that are needed, whatever of them is still needed. */
  readonly stored: number
  /** Entries of all groups. */
  readonly live: number
  /** Entries that changed: about as many are written in addition, at most. */
  readonly changed: number
}

/** Groups to be written whole though little of them has changed, the oldest first. A sweep over all frees what is old. */
export function planRewrites(
  groups: () => readonly StoredGroup[],
  { stored, live, changed }: StoredEntries,
): ReadonlySet<number> {
  const slots = new Set<number>()
  if (stored <= MOST_STORED * Math.max(live, SMALL_STATE)) return slots
  let left = changed
  for (const group of groups().toSorted((one, other) => one.oldest - other.oldest)) {
    if (left <= 0) break
    slots.add(group.slot)
    left -= group.live
  }
  return slots
}
