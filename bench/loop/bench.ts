import { heading, megabytes, thousands } from '../table.js'
import { checkpointAndRestore, manyKeysFire, slidingWindows } from './cases.js'
import { type HoldReport, worst } from './loop-holds.js'
import { HOLD_LIMIT_MS, HOLDS_EXPLAINED, holdsTable } from './table.js'

const FIRING_KEYS = 100_000
const SLIDING_KEYS = 2000
const STATE_KEYS = 200_000

interface Row {
  readonly name: string
  readonly report: HoldReport
}

/** What could hold the event loop: much that fires at once, much state to write, much to read. */
export async function benchLoop({ rounds }: { readonly rounds: number }): Promise<boolean> {
  heading(`event loop: the longest of ${rounds} runs of each case`)
  const runs: Row[][] = []
  let bytes = 0
  for (let round = 0; round < rounds; round++) {
    const fire = await manyKeysFire(FIRING_KEYS)
    const slide = await slidingWindows(SLIDING_KEYS)
    const state = await checkpointAndRestore(STATE_KEYS)
    bytes = state.bytes
    runs.push([
      { name: `${thousands(FIRING_KEYS)} keys fire at one watermark`, report: fire },
      { name: `sliding 1 h / 1 min, ${thousands(SLIDING_KEYS)} keys`, report: slide },
      { name: `${thousands(STATE_KEYS)} keys filled and checkpointed`, report: state.checkpoint },
      { name: `${thousands(STATE_KEYS)} keys restored and read on`, report: state.restore },
    ])
  }
  const rows = (runs[0] ?? []).map(({ name }, index) => ({
    name,
    report: worst(runs.flatMap((run) => run[index]?.report ?? [])),
  }))
  console.log(holdsTable(rows))
  console.log(`\n${HOLDS_EXPLAINED}`)
  console.log(`  The checkpoint has ${megabytes(bytes)} MB and lies in memory. At most ${HOLD_LIMIT_MS} ms are wanted.`)
  console.log("  Not measured: a user's function that takes long, or emits much in one call.")
  return rows.every(({ report }) => report.above50 === 0)
}
