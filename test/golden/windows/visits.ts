import { choices } from '../taxi/seeded.js'

/*
 * Visits of users, and marks that say how far time is. They are of one split, and the watermark is what the last mark said:
 * so it is the same in each run which visit is late, which of them within the allowed lateness, and when a window fires.
 */

export interface Visit {
  readonly kind: 'visit'
  readonly id: number
  readonly user: string
  readonly at: number
  readonly spent: number
  /** Of the user's session: how long it goes on behind this visit. */
  readonly gapMs: number
}

export interface Mark {
  readonly kind: 'mark'
  readonly at: number
}

const SECOND_MS = 1000
const STEP_MS = 9 * SECOND_MS
const DISORDER_S = 60
export const LATENESS_MS = 300 * SECOND_MS
export const SIZE_MS = 600_000
export const SLIDE_MS = 300_000
export const EVERY_MS = 60_000
export const WITHIN_MS = 240_000
export const NEAR = 40
export const CUT_GAP_MS = 100_000
export const CUT_MS = 250_000
/** What a window has to be worth to fire before its end. */
export const WORTH = 150
const START = Date.UTC(2026, 2, 1)

/** Of ten visits seven are in time, two may be late, for a window that is over or gone, and one has been forgotten for hours. */
export function makeVisits(seed: number, count: number): readonly (Visit | Mark)[] {
  const random = choices(seed)
  const inTime = (): number => random.between(0, DISORDER_S)
  const late = (): number => random.between(DISORDER_S, 2 * (LATENESS_MS / SECOND_MS))
  const forgotten = (): number => random.between(7200, 10_800)
  const delayOf = (): number => {
    const kind = random.between(0, 9)
    return kind < 7 ? inTime() : kind < 9 ? late() : forgotten()
  }
  const read: (Visit | Mark)[] = []
  for (let id = 0; id < count; id++) {
    const now = START + id * STEP_MS
    read.push({
      kind: 'visit',
      id,
      user: `user-${random.between(0, random.one([3, 20]))}`,
      at: now - delayOf() * SECOND_MS,
      spent: random.between(0, 99),
      gapMs: random.between(20, 120) * SECOND_MS,
    })
    if (random.between(0, 7) === 0) read.push({ kind: 'mark', at: now - DISORDER_S * SECOND_MS })
  }
  return read
}
