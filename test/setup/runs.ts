/** Whether everything is to be run, not only a sample. */
export const IS_WHOLE = process.env['TIDEMARK_TIER'] === 'all'

/** Of every property, however many it asks for itself: `npm run test:properties` sets it. */
const WANTED = process.env['TIDEMARK_RUNS']
const least = WANTED ? wholeNumber(WANTED) : IS_WHOLE ? 1000 : 0

function wholeNumber(text: string): number {
  const runs = Number(text)
  if (Number.isSafeInteger(runs) && runs > 0) return runs
  throw new RangeError(`TIDEMARK_RUNS is '${text}', not a whole number above 0`)
}

/** How often a property runs: `sample` times in `npm test`, at least a thousand in the tier `all`. */
export const runs = (sample: number): { readonly numRuns: number } => ({ numRuns: Math.max(sample, least) })

/** Of a test, in milliseconds. */
export const timeout = 60_000 + 500 * least
