/*
 * What the job of a test with a time to live has to write, by code that shares nothing with Tidemark.
 */

export interface Click {
  readonly user: string
  readonly page: string
}

/** Clicks that come together, at a wall-clock time. */
export interface Burst {
  /** Since the start. */
  readonly atMs: number
  readonly clicks: readonly Click[]
}

export const SESSION_MS = 10_000
export const PAGE_MS = 4_000

interface Known {
  session: number
  at: number
  clicks: number
  pages: { readonly page: string; readonly at: number }[]
}

/** Lines, sorted: of each click, the how-many-th of its user's visit it is, and whether the page is new to the user. */
export function expectedLines(bursts: readonly Burst[]): string[] {
  const users = new Map<string, Known>()
  const lines: string[] = []
  for (const { atMs, clicks } of bursts) {
    for (const { user, page } of clicks) {
      const known = users.get(user) ?? { session: 0, at: Number.NEGATIVE_INFINITY, clicks: 0, pages: [] }
      users.set(user, known)
      const isNewVisit = known.at + SESSION_MS <= atMs
      if (isNewVisit) known.clicks = 0
      known.at = atMs
      known.clicks++
      known.pages = known.pages.filter(({ at }) => !(at + PAGE_MS <= atMs))
      const recent = known.pages.length
      const isKnownPage = known.pages.some((seen) => seen.page === page)
      known.pages = [...known.pages.filter((seen) => seen.page !== page), { page, at: atMs }]
      lines.push(JSON.stringify({ user, page, atMs, click: known.clicks, recent, isKnownPage }))
    }
  }
  return lines.sort()
}
