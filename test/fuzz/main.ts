import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CASE_LIMIT_MS, type Tally } from './run-cases.js'

/**
 * `npm run fuzz -- --cases 1000000 [--seed N] [--case I]`: reads mutated and hostile savepoints and log entries. Only
 * TidemarkErrors may come out; each case has a bound of time, all of them one of memory. `--case` repeats one.
 */
const { values } = parseArgs({
  options: { cases: { type: 'string', default: '10000' }, seed: { type: 'string' }, case: { type: 'string' } },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const first = values.case === undefined ? 0 : Number(values.case)
const end = values.case === undefined ? Number(values.cases) : first + 1
if (![seed, first, end].every(Number.isSafeInteger) || end <= first) throw new RangeError('whole numbers are wanted')

process.stdout.write(`seed ${seed}, cases ${first} to ${end - 1}\n`)
const started = performance.now()
// A process of its own: one that hangs or runs out of memory is seen from here.
const worker = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [String(seed), String(first), String(end)], {
  execArgv: [...process.execArgv, '--max-old-space-size=768'],
  serialization: 'advanced',
})

/** A worker that says nothing for that long hangs: a thousand slow cases are within it. */
const SILENCE_MS = 60_000 + 10 * CASE_LIMIT_MS
let last: Tally | undefined
let watchdog = setTimeout(hang, SILENCE_MS)

worker.on('message', (given) => {
  const message = given as { readonly tally: Tally; readonly isEnd: boolean }
  clearTimeout(watchdog)
  watchdog = setTimeout(hang, SILENCE_MS)
  const printed = last?.cases ?? 0
  last = message.tally
  if (message.isEnd) finish(message.tally)
  else if (Math.floor(last.cases / 50_000) > Math.floor(printed / 50_000)) progress(last)
})
worker.on('exit', (code) => {
  clearTimeout(watchdog)
  if (code === 0) return
  process.stdout.write(`after case ${first + (last?.cases ?? 0)}: the process of the cases ended with ${code}\n`)
  process.exitCode = 1
})

function hang(): void {
  process.stdout.write(`between case ${first + (last?.cases ?? 0)} and the thousand after it: it hangs\n`)
  process.exitCode = 1
  worker.kill('SIGKILL')
}

function progress({ cases, findings, slowestMs }: Tally): void {
  const perSecond = Math.round((cases * 1000) / (performance.now() - started))
  process.stdout.write(
    `${cases} cases, ${perSecond}/s, ${findings.length} findings, slowest ${Math.round(slowestMs)} ms\n`,
  )
}

function finish(tally: Tally): void {
  clearTimeout(watchdog)
  progress(tally)
  for (const [outcome, count] of [...tally.outcomes].sort(([, left], [, right]) => right - left)) {
    process.stdout.write(`${String(count).padStart(9)}  ${outcome}\n`)
  }
  process.stdout.write(
    `slowest: case ${tally.slowestCase}; most memory in use: ${Math.round(tally.largestRssBytes / 1e6)} MB\n`,
  )
  for (const finding of tally.findings) process.stdout.write(`\n${finding}\n`)
  process.exitCode = tally.findings.length > 0 ? 1 : 0
}
