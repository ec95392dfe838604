import { seeded } from '../shared/seeded.js'
import type { Place, RideEvent } from './event.js'

/** A Monday, in the past: event time beyond the clock of the machine would not move the watermark. */
const BEGIN = Date.UTC(2024, 0, 1, 6)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export interface MadeUpRides {
  readonly rides: number
  readonly seed: number
}

/**
 * Rides of twelve hours as events, in the order of their arrival: nearly that of time. Of 1000 rides ten take hours,
 * five never end, five have an end that arrives hours late, three have an end alone, and twenty a wrong position.
 */
export function madeUpEvents({ rides, seed }: MadeUpRides): readonly RideEvent[] {
  const random = seeded(seed)
  const arrivals: { readonly event: RideEvent; readonly arrivesAt: number }[] = []
  const send = (event: RideEvent, delay: number) => arrivals.push({ event, arrivesAt: event.at + delay })
  for (let ride = 1; ride <= rides; ride++) {
    const kind = random.between(1, 1000)
    const start = BEGIN + Math.floor(((ride - 1) * 12 * HOUR_MS) / rides / 1000) * 1000
    const minutes = kind <= 10 ? random.between(100, 300) : 2 + Math.min(70, random.wait(11))
    const place = (): Place => ({
      latitude: 40.7 + random.next() * 0.1,
      longitude: -74.0 + random.next() * 0.1,
    })
    const about = {
      ride,
      from: kind > 980 ? { latitude: 0, longitude: 0 } : place(),
      to: place(),
      passengers: random.between(1, 4),
      taxi: 1 + ((ride * 7) % 4000),
      driver: 1 + ((ride * 11) % 5000),
    }
    const onTime = () => random.between(0, 50) * 1000
    if (kind < 900 || kind > 902) send({ type: 'start', at: start, ...about }, onTime())
    if (kind > 10 && kind <= 15) continue
    const late = kind > 15 && kind <= 20 ? random.between(3, 6) * HOUR_MS : onTime()
    send({ type: 'end', at: start + Math.round(minutes * 60) * 1000, ...about }, late)
  }
  return arrivals.sort((a, b) => a.arrivesAt - b.arrivesAt).map(({ event }) => event)
}
