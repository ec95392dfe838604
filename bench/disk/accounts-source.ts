import type { Source, Split } from 'tidemark'

export interface AccountEvent {
  readonly key: string
  /** Zero: a question. */
  readonly amount: number
}

export interface AccountsPlan {
  /** Each is updated once, one after the other. */
  readonly keys: number
  /** Of random keys after that. */
  readonly updates: number
  /** Asked for at the end, evenly spread. */
  readonly sample: number
  readonly seed: number
}

export interface AccountsSource extends Source<AccountEvent> {
  /** Records made so far. */
  readonly made: number
  /** What the keys of the sample hold at the end: how often they were updated. */
  readonly expected: ReadonlyMap<string, number>
  /** Nothing comes after that many records until this is called again. */
  holdAt(records: number): void
}

/** Makes its records as they are read: nothing of them stays in memory but what the sample must hold. */
export function accountsSource({ keys, updates, sample, seed }: AccountsPlan): AccountsSource {
  const split: Split = { id: 'accounts' }
  const step = Math.max(1, Math.floor(keys / sample))
  const expected = new Map<string, number>()
  const end = keys + updates + Math.ceil(keys / step)
  let made = 0
  let state = seed >>> 0
  let hold = end
  let wake = (): void => {}

  const random = (): number => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const make = (): AccountEvent => {
    const at = made++
    if (at >= keys + updates) return { key: `account-${(at - keys - updates) * step}`, amount: 0 }
    const index = at < keys ? at : Math.floor(random() * keys)
    const key = `account-${index}`
    if (index % step === 0) expected.set(key, (expected.get(key) ?? 0) + 1)
    return { key, amount: 1 + (index % 97) }
  }
  return {
    kind: 'accounts',
    bounded: true,
    get made() {
      return made
    },
    expected,
    holdAt(records) {
      hold = records
      wake()
    },
    enumerate: () => ({ discover: async (known) => (known.has(split.id) ? [] : [split]) }),
    read: (_split, context) => ({
      poll(maxRecords) {
        wake = context.wake
        const count = Math.min(maxRecords, 512, end - made, hold - made)
        return count === 0 ? undefined : { values: Array.from({ length: count }, make) }
      },
      position: () => split,
      get finished() {
        return made === end
      },
      get caughtUp() {
        return made === end
      },
      close: () => undefined,
    }),
  }
}
