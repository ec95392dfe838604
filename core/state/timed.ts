import { TidemarkError } from '../errors.js'

/*
 * Values with the time of their last access: in memory, and as they are stored.
 *
 *   a value          [lastAccess, value]
 *   a list           [[lastAccess, element], ...]
 *   an entry of a map: its value, as above
 */

/** A layout of them begins with it. */
export const TIMED_LAYOUT = 'timed-'

/** What a leaf of a state with a time to live holds. */
export interface Aging {
  /** Values that it is made of. */
  readonly length: number
  countExpired(ttlMs: number, now: number): number
  /** In place; the change has been told. */
  dropExpired(ttlMs: number, now: number): void
  toStored(): unknown
}

export function isExpired(lastAccess: number, ttlMs: number, now: number): boolean {
  return lastAccess + ttlMs <= now
}

export class TimedValue implements Aging {
  lastAccess: number
  value: unknown

  constructor(lastAccess: number, value: unknown) {
    this.lastAccess = lastAccess
    this.value = value
  }

  get length(): number {
    return 1
  }

  countExpired(ttlMs: number, now: number): number {
    return isExpired(this.lastAccess, ttlMs, now) ? 1 : 0
  }

  /** All of it or nothing: whoever finds it expired removes its leaf. */
  dropExpired(): void {}

  toStored(): unknown {
    return [this.lastAccess, this.value]
  }
}

export class TimedList implements Aging {
  /** Given to the user: what goes is left out of a new array. */
  values: unknown[]
  private times: number[]

  constructor(values: unknown[], times: number[]) {
    this.values = values
    this.times = times
  }

  get length(): number {
    return this.times.length
  }

  push(value: unknown, now: number): void {
    this.values.push(value)
    this.times.push(now)
  }

  /** What has expired stays so. */
  renew(ttlMs: number, now: number): void {
    const { times } = this
    for (let index = 0; index < times.length; index++) {
      if (!isExpired(times[index] as number, ttlMs, now)) times[index] = now
    }
  }

  countExpired(ttlMs: number, now: number): number {
    let count = 0
    for (const time of this.times) if (isExpired(time, ttlMs, now)) count++
    return count
  }

  dropExpired(ttlMs: number, now: number): void {
    const { times, values } = this
    this.values = values.filter((_, index) => !isExpired(times[index] as number, ttlMs, now))
    this.times = times.filter((time) => !isExpired(time, ttlMs, now))
  }

  toStored(): unknown {
    return this.values.map((value, index) => [this.times[index], value])
  }
}

export function storedTimed(held: unknown): unknown {
  // A table with times holds nothing else.
  return (held as Aging).toStored()
}

/** @throws TidemarkError CHECKPOINT_CORRUPT */
export function timedValueOf(stored: unknown): TimedValue {
  const [lastAccess, value] = timeAndValue(stored)
  return new TimedValue(lastAccess, value)
}

/** @throws TidemarkError CHECKPOINT_CORRUPT */
export function timedListOf(stored: unknown): TimedList {
  if (!Array.isArray(stored)) throw corrupt('no list')
  const list = new TimedList([], [])
  for (const element of stored) {
    const [lastAccess, value] = timeAndValue(element)
    list.push(value, lastAccess)
  }
  return list
}

/** @throws TidemarkError CHECKPOINT_CORRUPT */
export function timeAndValue(stored: unknown): readonly [lastAccess: number, value: unknown] {
  if (!Array.isArray(stored) || stored.length !== 2) throw corrupt('a value without the time of its last access')
  const [lastAccess, value] = stored
  if (!Number.isFinite(lastAccess)) throw corrupt('a time of access that is none')
  return [lastAccess, value]
}

/** The operator and the key group are said by whoever restores. */
function corrupt(found: string): TidemarkError {
  return new TidemarkError({
    code: 'CHECKPOINT_CORRUPT',
    domain: 'storage',
    message: `state with a time to live: expected values with the time of their last access, found ${found}`,
  })
}
