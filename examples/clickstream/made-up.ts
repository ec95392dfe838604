import { seeded } from '../shared/seeded.js'
import type { Click } from './click.js'

/** In the past: event time beyond the clock of the machine would not move the watermark. */
const BEGIN = Date.UTC(2024, 0, 1, 8)
const HOUR_MS = 3_600_000
const DEVICES = ['phone', 'phone', 'desktop', 'tablet'] as const
const ACTIONS = ['search', 'view', 'view', 'view', 'cart', 'help']

/**
 * Visits of a working day as clicks, in the order of their arrival: no click is later than 50 s. Every time is another
 * one, so that first and last are the same whatever the order.
 */
export function madeUpClicks({ visits, seed }: { readonly visits: number; readonly seed: number }): readonly Click[] {
  const random = seeded(seed)
  const arrivals: { readonly click: Click; readonly arrivesAt: number }[] = []
  const taken = new Set<number>()
  const unique = (at: number): number => {
    let free = Math.floor(at)
    while (taken.has(free)) free++
    taken.add(free)
    return free
  }
  for (let visit = 0; visit < visits; visit++) {
    const user = `user-${random.between(1, Math.max(3, Math.ceil(visits / 4)))}`
    const device = random.one(DEVICES)
    let at = BEGIN + random.next() * 8 * HOUR_MS
    const send = (action: string) => {
      const click = { user, device, action, at: unique(at) }
      arrivals.push({ click, arrivesAt: click.at + random.between(0, 50_000) })
      at += 1000 + random.wait(90_000)
    }
    send('enter')
    for (let clicks = random.between(0, 12); clicks > 0; clicks--) send(random.one(ACTIONS))
    if (random.next() < 0.3) send('buy')
  }
  return arrivals.sort((a, b) => a.arrivesAt - b.arrivesAt).map(({ click }) => click)
}
