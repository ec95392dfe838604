/** What the reader has chosen. One value, replaced as a whole, and everyone who draws is told. */
export interface Choice {
  readonly step: number
  /** All hours together; `step` is then where the slider rests. */
  readonly all: boolean
  /** The cell whose numbers are shown. */
  readonly cell: number | undefined
  readonly playing: boolean
}

export interface Store {
  readonly get: () => Choice
  readonly set: (change: Partial<Choice>) => void
  readonly subscribe: (listener: (now: Choice, before: Choice) => void) => void
}

export function createStore(initial: Choice): Store {
  let choice = initial
  const listeners: ((now: Choice, before: Choice) => void)[] = []
  return {
    get: () => choice,
    set: (change) => {
      const before = choice
      choice = { ...choice, ...change }
      for (const listener of listeners) listener(choice, before)
    },
    subscribe: (listener) => {
      listeners.push(listener)
    },
  }
}
