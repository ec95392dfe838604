import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineJob, hours, noWatermarks, valueState } from 'tidemark'
import { run } from 'tidemark/run'
import { LoopHolds } from '../loop/loop-holds.js'
import { into } from '../plain-sinks.js'
import { accountsSource } from './accounts-source.js'
import type { DiskCase, DiskOutcome } from './case.js'

/** With it and the key, an entry is about a hundred bytes as it is stored. */
const NOTE = 'the state of an account, some fifty characters of it, and'

interface Account {
  readonly updates: number
  readonly total: number
  readonly note: string
}

interface Answer {
  readonly key: string
  readonly updates: number
  readonly total: number
}

const { state, keys, updates, cacheBytes, seed } = JSON.parse(process.argv[2] ?? '') as DiskCase
const source = accountsSource({ keys, updates, sample: 10_000, seed })
// The two checkpoints are to fall between updates, however long they take.
const held = keys + Math.floor(updates / 2)
source.holdAt(held)
const answers: Answer[] = []
const job = defineJob('accounts', (job) => {
  job
    .from('events', source, noWatermarks())
    .keyBy((event) => event.key)
    .process('accounts', {
      state: { account: valueState<Account>() },
      process({ key, amount }, { state }) {
        const before = state.account.value()
        if (amount === 0) return [{ key, updates: before?.updates ?? 0, total: before?.total ?? 0 }]
        state.account.update({
          updates: (before?.updates ?? 0) + 1,
          total: (before?.total ?? 0) + amount,
          note: NOTE,
        })
        return []
      },
    })
    .to('answers', into(answers))
})

const isWrong = ({ key, updates, total }: Answer): boolean =>
  updates !== source.expected.get(key) || total !== updates * (1 + (Number(key.slice('account-'.length)) % 97))

/** Of the whole process: what else the machine does meanwhile does not count. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

let peakHeap = 0
const watching = setInterval(() => {
  peakHeap = Math.max(peakHeap, process.memoryUsage().heapUsed)
}, 20)
const to = await mkdtemp(join(tmpdir(), 'tidemark-disk-'))
try {
  const holds = new LoopHolds()
  holds.start()
  const start = performance.now()
  const cpuBefore = cpuSeconds()
  const handle = await run(job, {
    checkpoints: { to, interval: hours(10) },
    state: state === 'heap' ? 'heap' : { kind: 'disk', cacheBytes },
  })
  const reached = async (records: number): Promise<number> => {
    while (source.made < records && handle.status !== 'failed') await new Promise((resolve) => setTimeout(resolve, 5))
    return cpuSeconds()
  }
  const filled = await reached(keys)
  const quarter = await reached(keys + Math.floor(updates / 4))
  // Whole, while updates go on; and then what changed since.
  const first = await handle.checkpoint()
  await reached(held)
  const second = await handle.checkpoint()
  source.holdAt(Number.POSITIVE_INFINITY)
  await handle.result
  const ended = performance.now()
  const outcome: DiskOutcome = {
    fillPerSecond: keys / (filled - cpuBefore),
    updatesPerSecond: Math.floor(updates / 4) / (quarter - filled),
    seconds: (ended - start) / 1000,
    checkpoints: [first, second].map(({ bytes, durationMs }) => ({ bytes, durationMs })),
    peakHeap,
    rss: process.memoryUsage().rss,
    holds: await holds.stop(),
    answers: answers.length,
    wrong: answers.filter(isWrong).length,
  }
  console.log(JSON.stringify(outcome))
} finally {
  clearInterval(watching)
  await rm(to, { recursive: true, force: true })
}
