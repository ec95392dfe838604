import { runCases } from './run-cases.js'
import { loadSeeds } from './seeds.js'

/** What `main.ts` runs in a process of its own. */
const [seed = 0, first = 0, end = 0] = process.argv.slice(2).map(Number)
const onProgress = (tally: unknown): void => void process.send?.({ tally, isEnd: false })
const tally = await runCases(await loadSeeds(), { seed, first, end, onProgress })
process.send?.({ tally, isEnd: true }, () => process.disconnect())
