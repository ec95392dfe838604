import { benchAggregation } from './aggregation/bench.js'
import { benchDisk } from './disk/bench.js'
import { benchFileSinks } from './file-sinks/bench.js'
import { benchKinesis } from './kinesis/bench.js'
import { benchKinesisServer } from './kinesis-server/bench.js'
import { benchKinesisSink } from './kinesis-sink/bench.js'
import { benchLoop } from './loop/bench.js'
import { benchMemory } from './memory/bench.js'
import { benchOpenSearch } from './opensearch/bench.js'
import { benchOperators } from './operators/bench.js'
import { benchSnapshots } from './snapshots/bench.js'
import { benchTaxi } from './taxi/bench.js'
import { benchTypes } from './types/bench.js'
import { benchWindows } from './windows/bench.js'

/** Each prints its tables and says whether what is wanted of it was met. */
const BENCHES: Readonly<Record<string, (keys?: number) => Promise<boolean>>> = {
  taxi: () => benchTaxi({ trips: 240_000, rounds: 7 }),
  windows: () => benchWindows({ rides: 1_000_000, rounds: 5 }),
  memory: () => benchMemory({ events: 10_000_000 }),
  'file-sinks': () => benchFileSinks({ trips: 1_000_000, rounds: 5 }),
  loop: () => benchLoop({ rounds: 3 }),
  disk: (keys = 10_000_000) => benchDisk({ keys }),
  kinesis: () => benchKinesis({ records: 250_000, rounds: 5 }),
  aggregation: () => benchAggregation({ records: 400_000, rounds: 5 }),
  'kinesis-server': () => benchKinesisServer({ records: 200_000, recordBytes: 120, shards: 4, rounds: 5 }),
  'kinesis-sink': () => benchKinesisSink({ rows: 200_000, rounds: 5 }),
  opensearch: () => benchOpenSearch({ rows: 60_000, rounds: 5 }),
  operators: () => benchOperators({ rides: 100_000, many: 1_000_000, rounds: 3 }),
  types: async () => benchTypes({ operators: 200 }),
  snapshots: () => benchSnapshots({ keys: 1_000_000, rounds: 2, seconds: 13, secondsOfFirst: 34 }),
}

const [name = '', ...rest] = process.argv.slice(2)
// Fewer keys, for a quick look.
const keys = name === 'disk' && rest[0] === '--keys' && rest.length === 2 ? Number(rest[1]) : undefined
const bench = rest.length === 0 || Number.isSafeInteger(keys) ? BENCHES[name] : undefined
if (bench === undefined) {
  console.error(
    `npm run bench -- NAME, one of: ${Object.keys(BENCHES).join(', ')}; found '${[name, ...rest].join(' ')}'`,
  )
  process.exitCode = 2
} else if (!(await bench(keys))) {
  process.exitCode = 1
}
