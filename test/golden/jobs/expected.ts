import { END, HOUR, type Input, MINUTE, type Payment, regionOf } from './events.js'

/*
 * What the job has to write, by code that shares nothing with Tidemark: everything in memory, one look at the whole.
 */

export const SESSION_GAP = 10 * MINUTE
export const ALARM_AFTER = 20 * MINUTE

/** Lines of each result, sorted. */
export function expectedResults({ payments, rates }: Input): Readonly<Record<string, readonly string[]>> {
  const all = payments.flat()
  return {
    hours: lines(perHour(all)),
    sliding: lines(perSlide(all)),
    sessions: lines(sessions(all)),
    alarms: lines(alarms(all)),
    bills: lines(bills(all, rates)),
  }
}

export const lines = (rows: readonly object[]): string[] => rows.map((row) => JSON.stringify(row)).sort()

function byAccount(all: readonly Payment[]): Map<string, Payment[]> {
  const accounts = new Map<string, Payment[]>()
  for (const payment of all) accounts.set(payment.account, [...(accounts.get(payment.account) ?? []), payment])
  return accounts
}

const sum = (payments: readonly Payment[]): number => payments.reduce((total, { amount }) => total + amount, 0)

function perHour(all: readonly Payment[]): object[] {
  return inWindows(all, HOUR, HOUR).map(({ account, end, inside }) => ({
    account,
    end,
    count: inside.length,
    sum: sum(inside),
  }))
}

function perSlide(all: readonly Payment[]): object[] {
  return inWindows(all, 2 * HOUR, HOUR / 2).map(({ account, end, inside }) => ({
    account,
    end,
    most: Math.max(...inside.map(({ amount }) => amount)),
    sum: sum(inside),
  }))
}

function inWindows(all: readonly Payment[], size: number, slide: number) {
  const rows: { account: string; end: number; inside: Payment[] }[] = []
  for (const [account, own] of byAccount(all)) {
    const windows = new Map<number, Payment[]>()
    for (const payment of own) {
      for (let start = Math.floor(payment.at / slide) * slide; start > payment.at - size; start -= slide) {
        windows.set(start, [...(windows.get(start) ?? []), payment])
      }
    }
    for (const [start, inside] of windows) rows.push({ account, end: start + size, inside })
  }
  return rows
}

function sessions(all: readonly Payment[]): object[] {
  const rows: object[] = []
  for (const [account, own] of byAccount(all)) {
    let session: Payment[] = []
    const close = (): void => {
      const last = session.at(-1)
      if (last) rows.push({ account, end: last.at + SESSION_GAP, count: session.length, sum: sum(session) })
      session = []
    }
    for (const payment of [...own].sort((a, b) => a.at - b.at)) {
      const last = session.at(-1)
      if (last && payment.at > last.at + SESSION_GAP) close()
      session.push(payment)
    }
    close()
  }
  return rows
}

/** An account that has paid nothing for a while after a payment: with how much it had paid in the hour up to then. */
function alarms(all: readonly Payment[]): object[] {
  const rows: object[] = []
  for (const [account, own] of byAccount(all)) {
    for (const at of new Set(own.map((payment) => payment.at))) {
      const alarm = at + ALARM_AFTER
      if (own.some((other) => other.at > at && other.at <= alarm)) continue
      const recent = own.filter((other) => other.at > alarm - HOUR && other.at <= alarm)
      const sizes = new Map<string, number>()
      for (const { amount } of recent) sizes.set(sizeOf(amount), (sizes.get(sizeOf(amount)) ?? 0) + 1)
      rows.push({ account, alarm, recent: recent.length, sizes: [...sizes].sort() })
    }
  }
  return rows
}

export const sizeOf = (amount: number): string => (amount < 100 ? 'small' : amount < 400 ? 'medium' : 'large')

/** At the end of the day: what an account has paid, and the last rate of its region. */
function bills(all: readonly Payment[], rates: Input['rates']): object[] {
  return [...byAccount(all)].map(([account, own]) => {
    const region = regionOf(account)
    const percent = rates.filter((rate) => rate.region === region).at(-1)?.percent ?? 0
    return { account, day: END, region, percent, total: sum(own) }
  })
}
