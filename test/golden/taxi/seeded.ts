export { IS_WHOLE } from '../../setup/runs.js'

/** Random choices of a test that can be made again: the seed is in the test's name. */
export interface Choices {
  /** A whole number from `first` to `last`, both included. */
  between(first: number, last: number): number
  one<const T>(values: readonly [T, ...T[]]): T
  some<T>(values: readonly T[], count: number): T[]
}

/** From TIDEMARK_SEED; else a new one for each run. */
export const SEED = seedOf(process.env['TIDEMARK_SEED'])

function seedOf(given: string | undefined): number {
  if (given === undefined || given === '') return Math.floor(Math.random() * 2 ** 31)
  const seed = Number(given)
  if (!Number.isSafeInteger(seed)) throw new Error(`TIDEMARK_SEED is '${given}', expected a whole number`)
  return seed
}

export function choices(seed: number): Choices {
  const next = uniform(seed)
  const between = (first: number, last: number): number => first + Math.floor(next() * (last - first + 1))
  return {
    between,
    // The index is below the length.
    one: <const T>(values: readonly [T, ...T[]]) => values[between(0, values.length - 1)] as T,
    some: <T>(values: readonly T[], count: number) => {
      const rest = [...values]
      return Array.from({ length: Math.min(count, rest.length) }, () => {
        const [taken] = rest.splice(between(0, rest.length - 1), 1)
        return taken as T // the index is below the length
      })
    },
  }
}

/** From 0 to below 1: an LCG of 32 bits (Numerical Recipes), its upper bits. */
function uniform(seed: number): () => number {
  let state = seed >>> 0
  const step = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  // Neighbouring seeds begin alike.
  for (let warm = 0; warm < 4; warm++) step()
  return step
}
