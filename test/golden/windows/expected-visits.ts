import {
  CUT_GAP_MS,
  CUT_MS,
  EVERY_MS,
  LATENESS_MS,
  type Mark,
  NEAR,
  SIZE_MS,
  SLIDE_MS,
  type Visit,
  WITHIN_MS,
  WORTH,
} from './visits.js'

/*
 * What windows have to make of visits of which some are late, by code that shares nothing with Tidemark: it reads visits
 * and marks one by one, as they come, and knows the time that the last mark said.
 */

interface Expected {
  readonly rows: object[]
  /**
   * Early results that may go out or not. A subtask that gets no record between two marks may hear of the second one only;
   * where that is a window's end, there is nothing but its last result, which then says the same.
   */
  readonly maybe: object[]
  readonly late: object[]
}

export function expectedVisits(read: readonly (Visit | Mark)[]): Expected {
  const rows: object[] = []
  const maybe: object[] = []
  const late: object[] = []
  const add = (of: string, { rows: own, maybe: early = [], late: forgotten }: Found): void => {
    rows.push(...own.map((row) => ({ of, ...row })))
    maybe.push(...early.map((row) => ({ of, ...row })))
    late.push(...forgotten.map(({ id }) => ({ of, id })))
  }
  const sumsOf: RowOf = ({ user, end, visits }) => [{ user, end, n: visits.length, total: spentIn(visits) }]
  const idsOf: RowOf = ({ user, end, visits }) => [{ user, end, ids: visits.map(({ id }) => id) }]
  const richIn: RowOf = ({ user, end, visits }) =>
    visits.filter(({ spent }) => spent > 90).map(({ id }) => ({ user, end, id }))
  const whole = { slideMs: SIZE_MS, latenessMs: LATENESS_MS, purges: false, isOne: false }
  const half = { ...whole, slideMs: SLIDE_MS }
  add('changing', inWindows(read, { ...whole, early: sinceMinute, rowOf: sumsOf }))
  add('worthy', inWindows(read, { ...half, early: whenWorthy, rowOf: idsOf }))
  add('rich', { ...inWindows(read, { ...half, early: whenWorthy, rowOf: richIn }), late: [] })
  add('thirds', inWindows(read, { ...whole, early: withThird, purges: true, rowOf: idsOf }))
  add('slides', inWindows(read, { ...half, early: () => false, rowOf: sumsOf }))
  add('everyone', inWindows(read, { ...whole, early: () => false, rowOf: sumsOf, latenessMs: 0, isOne: true }))
  add('gaps', inGaps(read))
  add('cut', inCuts(read))
  add('within', lastOf(read, { fires: 3, keeps: (visit, visits) => visit.at > newest(visits) - WITHIN_MS }))
  add('near', lastOf(read, { fires: 2, keeps: ({ spent }, visits) => Math.abs(spent - spentLast(visits)) < NEAR }))
  add('clocked', { rows: read.flatMap((one) => (one.kind === 'visit' ? [{ id: one.id }] : [])), late: [] })
  return { rows, maybe, late }
}

interface Found {
  readonly rows: object[]
  readonly maybe?: object[]
  readonly late: Visit[]
}

interface Open {
  readonly user: string
  readonly start: number
  readonly end: number
  /** Since it was last emptied. */
  visits: Visit[]
  isOver: boolean
  /** What went out early since the last visit. */
  early: object[]
  /** What `early` of the trigger keeps. */
  memory: number | undefined
}

type RowOf = (open: Open) => object[]

interface InWindows {
  readonly slideMs: number
  readonly latenessMs: number
  /** Whether a window is emptied when it fires. */
  readonly purges: boolean
  /** Whether there are windows for everyone together. */
  readonly isOne: boolean
  /** Whether a window that is not over fires, with a visit or, where there is none, because time goes on. */
  readonly early: (open: Open, time: number, visit?: Visit) => boolean
  readonly rowOf: RowOf
}

function inWindows(read: readonly (Visit | Mark)[], { slideMs, latenessMs, purges, isOne, early, rowOf }: InWindows) {
  const found = { rows: [] as object[], maybe: [] as object[], late: [] as Visit[] }
  const windows = new Map<string, Open>()
  const fire = (open: Open): void => {
    if (open.visits.length > 0) found.rows.push(...rowOf(open))
    if (purges) open.visits = []
  }
  replay(read, {
    onVisit(visit, time) {
      let isTaken = false
      const user = isOne ? 'all' : visit.user
      for (let start = Math.floor(visit.at / slideMs) * slideMs; start > visit.at - SIZE_MS; start -= slideMs) {
        const end = start + SIZE_MS
        if (end - 1 + latenessMs <= time) continue
        isTaken = true
        const name = `${user} ${start}`
        const isOver = end - 1 <= time
        const open = windows.get(name) ?? { user, start, end, visits: [], isOver, early: [], memory: undefined }
        windows.set(name, open)
        found.rows.push(...open.early.splice(0))
        open.visits.push(visit)
        if (isOver || early(open, time, visit)) fire(open)
      }
      if (!isTaken) found.late.push(visit)
    },
    onTime(time) {
      for (const open of windows.values()) {
        if (open.isOver) continue
        open.isOver = open.end - 1 <= time
        if (open.isOver) {
          found.maybe.push(...open.early.splice(0))
          fire(open)
        } else if (early(open, time)) open.early = rowOf(open)
      }
    },
  })
  return found
}

/** Fires at a full minute behind a visit that came since. */
function sinceMinute(open: Open, time: number, visit?: Visit): boolean {
  if (visit === undefined) {
    const isDue = open.memory !== undefined && open.memory <= time
    if (isDue) open.memory = undefined
    return isDue
  }
  const from = Math.max(visit.at, time + 1)
  const next = Math.min((Math.floor(from / EVERY_MS) + 1) * EVERY_MS - 1, open.end - 1)
  open.memory = Math.min(open.memory ?? next, next)
  return false
}

function whenWorthy(open: Open, _time: number, visit?: Visit): boolean {
  if (visit === undefined) return false
  const now = spentIn(open.visits)
  return now - visit.spent < WORTH && now >= WORTH
}

const withThird = ({ visits }: Open, _time: number, visit?: Visit): boolean =>
  visit !== undefined && visits.length % 3 === 0

interface Session {
  start: number
  end: number
  n: number
  isOver: boolean
}

/** A visit makes one session of all that it touches, over or not. */
function inGaps(read: readonly (Visit | Mark)[]): Found {
  const found: Found = { rows: [], late: [] }
  const sessions = new Map<string, Session[]>()
  const fire = (user: string, { start, end, n }: Session): void => void found.rows.push({ user, start, end, n })
  replay(read, {
    onVisit(visit, time) {
      const { user, at, gapMs } = visit
      const own = sessions.get(user) ?? []
      const touched = own.filter(({ start, end }) => start <= at + gapMs && end >= at)
      const end = Math.max(at + gapMs, ...touched.map((session) => session.end))
      if (end - 1 + LATENESS_MS <= time) return void found.late.push(visit)
      const session: Session = {
        start: Math.min(at, ...touched.map(({ start }) => start)),
        end,
        n: touched.reduce((sum, { n }) => sum + n, 1),
        isOver: end - 1 <= time,
      }
      sessions.set(user, [...own.filter((one) => !touched.includes(one)), session])
      if (session.isOver) fire(user, session)
    },
    onTime(time) {
      for (const [user, own] of sessions) {
        for (const session of own) {
          if (session.isOver || session.end - 1 > time) continue
          session.isOver = true
          fire(user, session)
        }
        const kept = own.filter(({ end }) => end - 1 + LATENESS_MS > time)
        sessions.set(user, kept)
      }
    },
  })
  return found
}

interface Cut {
  readonly start: number
  end: number
  readonly ids: number[]
}

/** A session begins when time has come to its first visit. Until then visits wait, but those that the open session holds. */
function inCuts(read: readonly (Visit | Mark)[]): Found {
  const found: Found = { rows: [], late: [] }
  const users = new Map<string, { open: Cut | undefined; waiting: Visit[] }>()
  const enter = (open: Cut, { id, at }: Visit): void => {
    open.ids.push(id)
    open.end = Math.max(open.end, Math.min(at + CUT_GAP_MS, open.start + CUT_MS))
  }
  replay(read, {
    onVisit(visit, time) {
      const own = users.get(visit.user) ?? { open: undefined, waiting: [] }
      users.set(visit.user, own)
      if (own.open && visit.at >= own.open.start && visit.at < own.open.end) enter(own.open, visit)
      else if (visit.at > time) own.waiting.push(visit)
      else found.late.push(visit)
    },
    onTime(time) {
      for (const [user, own] of users) {
        const closeBefore = (until: number): void => {
          if (own.open === undefined || own.open.end - 1 > until) return
          const { start, end, ids } = own.open
          found.rows.push({ user, start, end, ids: ids.sort() })
          own.open = undefined
        }
        const isDue = ({ at }: Visit): boolean => at <= time
        for (const visit of own.waiting.filter(isDue).sort((one, other) => one.at - other.at)) {
          closeBefore(visit.at - 1)
          own.open ??= { start: visit.at, end: visit.at, ids: [] }
          enter(own.open, visit)
        }
        own.waiting = own.waiting.filter((visit) => !isDue(visit))
        closeBefore(time)
      }
    },
  })
  return found
}

interface LastOf {
  /** With each so many-th visit of a user. */
  readonly fires: number
  readonly keeps: (visit: Visit, visits: readonly Visit[]) => boolean
}

function lastOf(read: readonly (Visit | Mark)[], { fires, keeps }: LastOf): Found {
  const found: Found = { rows: [], late: [] }
  const users = new Map<string, { seen: number; visits: Visit[] }>()
  for (const visit of read) {
    if (visit.kind === 'mark') continue
    const own = users.get(visit.user) ?? { seen: 0, visits: [] }
    users.set(visit.user, own)
    own.visits.push(visit)
    own.seen++
    if (own.seen % fires !== 0) continue
    const { visits } = own
    own.visits = visits.filter((one) => keeps(one, visits))
    found.rows.push({ user: visit.user, ids: own.visits.map(({ id }) => id) })
  }
  return found
}

interface Replay {
  onVisit(visit: Visit, time: number): void
  /** Time goes on; in the end to its end. */
  onTime(time: number): void
}

function replay(read: readonly (Visit | Mark)[], { onVisit, onTime }: Replay): void {
  let time = Number.NEGATIVE_INFINITY
  for (const one of [...read, { kind: 'mark' as const, at: Number.POSITIVE_INFINITY }]) {
    if (one.kind === 'visit') onVisit(one, time)
    else if (one.at > time) {
      time = one.at
      onTime(time)
    }
  }
}

const spentIn = (visits: readonly Visit[]): number => visits.reduce((sum, { spent }) => sum + spent, 0)
const newest = (visits: readonly Visit[]): number => Math.max(...visits.map(({ at }) => at))
const spentLast = (visits: readonly Visit[]): number => visits.at(-1)?.spent ?? 0
