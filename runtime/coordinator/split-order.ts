import type { Split } from '../../core/connector.js'
import { MIN_WATERMARK } from '../../core/element.js'

/** What is known of a split that was discovered. */
export interface SplitFacts {
  readonly split: Split
  /** `stopped`: it ended before its own end, so nothing that follows it is to be read. */
  readonly status: 'waiting' | 'reading' | 'ended' | 'stopped'
  /** Where it is read, or was in this generation. Undefined: in none, or an earlier one. */
  readonly subtask: number | undefined
  /** Once it has ended: its last watermark, and whether nothing waited for it. */
  readonly watermark: number
  readonly isIdle: boolean
  /** Its end is in a completed checkpoint: whatever came of its records has been worked off, and survives. */
  readonly isCheckpointed: boolean
  /** A discovery that began after its end is over: what follows it is known. */
  readonly isFollowed: boolean
}

export interface SplitStart {
  readonly split: Split
  readonly subtask: number
  readonly watermark: number
  readonly isIdle: boolean
}

export interface SplitDecision {
  readonly start: readonly SplitStart[]
  /** By split that has ended: the watermark that the source must not pass until what follows it is being read. */
  readonly holds: ReadonlyMap<string, number>
  /** A split waits for nothing but a checkpoint that has its parents' end. */
  readonly needsCheckpoint: boolean
  /** Nothing is being read, and nothing will be, unless something new is discovered. */
  readonly isOver: boolean
}

/**
 * Which splits are to be read now, and where. Performs no I/O. The rules:
 * 1. A split is read when all of its parents have ended. A parent that is not known has been read, or is gone for good.
 * 2. On the subtask that read a parent it is read at once: there the parent's records are ahead of it in every channel.
 *    Elsewhere only when a completed checkpoint has the parent's end: then they have been worked off everywhere.
 * 3. Its time begins at the minimum of its parents' last watermarks. Who was idle does not count, as long as not all were.
 * 4. From a parent's end until all that follows it is being read, the source's watermark stays where the parent's was.
 * 5. What follows a split that was stopped before its end is not read.
 */
export function decideSplits(
  splits: ReadonlyMap<string, SplitFacts>,
  subtaskOf: (split: Split) => number,
): SplitDecision {
  const isBlocked = blocking(splits)
  const start: SplitStart[] = []
  const holding = new Set<string>()
  let needsCheckpoint = false
  let isOver = true
  for (const facts of splits.values()) {
    const { split, status, isFollowed } = facts
    if (status === 'reading' || (status === 'ended' && !isFollowed)) isOver = false
    if (status !== 'waiting' || isBlocked(split)) continue
    isOver = false
    const parents = parentsOf(split, splits)
    if (parents.every((parent) => parent.status === 'ended')) {
      const subtask = subtaskOf(split)
      if (parents.every((parent) => parent.isCheckpointed || parent.subtask === subtask)) {
        start.push({ split, subtask, ...timeAfter(parents) })
        continue
      }
      needsCheckpoint = true
    }
    for (const parent of parents) holding.add(parent.split.id)
  }
  const holds = new Map<string, number>()
  for (const [id, { status, isIdle, isFollowed, watermark }] of splits) {
    if (status === 'ended' && !isIdle && (!isFollowed || holding.has(id))) holds.set(id, watermark)
  }
  return { start, holds, needsCheckpoint, isOver }
}

/**
 * Splits that need not be remembered: gone for good, read to their end as far as every later start knows, and nobody
 * asks for them. Performs no I/O.
 */
export function forgettable(splits: ReadonlyMap<string, SplitFacts>, gone: Iterable<string>): ReadonlySet<string> {
  const needed = new Set<string>()
  for (const { split, status } of splits.values()) {
    if (status === 'waiting' || status === 'reading') for (const parent of split.parents ?? []) needed.add(parent)
  }
  const forgotten = new Set<string>()
  for (const id of gone) {
    const facts = splits.get(id)
    const isDone = facts === undefined || (facts.status === 'ended' && facts.isCheckpointed && facts.isFollowed)
    if (isDone && !needed.has(id)) forgotten.add(id)
  }
  return forgotten
}

function parentsOf(split: Split, splits: ReadonlyMap<string, SplitFacts>): readonly SplitFacts[] {
  return (split.parents ?? []).map((id) => splits.get(id)).filter((facts) => facts !== undefined)
}

function timeAfter(parents: readonly SplitFacts[]): { readonly watermark: number; readonly isIdle: boolean } {
  const active = parents.filter(({ isIdle }) => !isIdle)
  const counted = active.length > 0 ? active : parents
  if (counted.length === 0) return { watermark: MIN_WATERMARK, isIdle: false }
  return { watermark: Math.min(...counted.map(({ watermark }) => watermark)), isIdle: active.length === 0 }
}

/** Whether a split comes behind one that was stopped, over however many generations. */
function blocking(splits: ReadonlyMap<string, SplitFacts>): (split: Split) => boolean {
  const known = new Map<string, boolean>()
  const isBlocked = (split: Split): boolean => {
    const before = known.get(split.id)
    if (before !== undefined) return before
    known.set(split.id, false)
    const result = parentsOf(split, splits).some(
      (parent) => parent.status === 'stopped' || (parent.status === 'waiting' && isBlocked(parent.split)),
    )
    known.set(split.id, result)
    return result
  }
  return isBlocked
}
