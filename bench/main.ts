import { benchLoop } from './loop/bench.js'
import { benchMemory } from './memory/bench.js'
import { benchSnapshots } from './snapshots/bench.js'
import { benchTaxi } from './taxi/bench.js'
import { benchWindows } from './windows/bench.js'

/** Each prints its tables and says whether what is wanted of it was met. */
const BENCHES: Readonly<Record<string, () => Promise<boolean>>> = {
  taxi: () => benchTaxi({ trips: 240_000, rounds: 7 }),
  windows: () => benchWindows({ rides: 1_000_000, rounds: 5 }),
  memory: () => benchMemory({ events: 10_000_000 }),
  loop: () => benchLoop({ rounds: 3 }),
  snapshots: () => benchSnapshots({ keys: 1_000_000, rounds: 3, seconds: 13 }),
}

const [name = '', ...rest] = process.argv.slice(2)
const bench = rest.length === 0 ? BENCHES[name] : undefined
if (bench === undefined) {
  console.error(
    `npm run bench -- NAME, one of: ${Object.keys(BENCHES).join(', ')}; found '${[name, ...rest].join(' ')}'`,
  )
  process.exitCode = 2
} else if (!(await bench())) {
  process.exitCode = 1
}
