import { type Finding, type Outcome, runCase } from './fuzz-case.js'
import type { Seeds } from './seeds.js'

/** A case takes about a millisecond; a hostile one may make us look at a few hundred thousand things. */
export const CASE_LIMIT_MS = 2_000
/** What a case may leave in memory while it runs: a frame may decode to 256 MiB at most. */
export const MEMORY_LIMIT_BYTES = 1024 * 1024 * 1024

export interface Tally {
  cases: number
  readonly outcomes: Map<Outcome, number>
  readonly findings: string[]
  slowestMs: number
  slowestCase: number
  largestRssBytes: number
}

export interface RunOptions {
  readonly seed: number
  readonly first: number
  readonly end: number
  /** Called every thousand cases. */
  readonly onProgress?: (tally: Tally) => void
}

/** Runs cases one after the other; what is found does not stop them. */
export async function runCases(seeds: Seeds, options: RunOptions): Promise<Tally> {
  const { seed, first, end } = options
  const tally: Tally = {
    cases: 0,
    outcomes: new Map(),
    findings: [],
    slowestMs: 0,
    slowestCase: first,
    largestRssBytes: 0,
  }
  const ownNames = JSON.stringify(Object.getOwnPropertyNames(Object.prototype))
  for (let index = first; index < end; index++) {
    const before = performance.now()
    try {
      const outcome = await runCase(seeds, seed, index)
      tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1)
    } catch (error) {
      report(tally, (error as Finding).stack ?? String(error), (error as Finding).cause)
    }
    tally.cases++
    const tookMs = performance.now() - before
    if (tookMs > tally.slowestMs) {
      tally.slowestMs = tookMs
      tally.slowestCase = index
    }
    if (tookMs > CASE_LIMIT_MS) report(tally, `case ${index}: it took ${Math.round(tookMs)} ms`)
    if (tookMs > 20 || index % 1000 === 999) {
      const { rss } = process.memoryUsage()
      if (rss > tally.largestRssBytes) tally.largestRssBytes = rss
      if (rss > MEMORY_LIMIT_BYTES) report(tally, `case ${index}: ${Math.round(rss / 1e6)} MB are in use`)
    }
    if (index % 1000 === 999) {
      options.onProgress?.(tally)
      if (JSON.stringify(Object.getOwnPropertyNames(Object.prototype)) !== ownNames) {
        report(tally, `up to case ${index}: the prototype of all objects was changed`)
        break
      }
    }
  }
  return tally
}

function report(tally: Tally, finding: string, cause?: unknown): void {
  const stack = cause instanceof Error ? (cause.stack ?? '').split('\n').slice(0, 6).join('\n') : ''
  if (tally.findings.length < 50) tally.findings.push(stack === '' ? finding : `${finding.split('\n')[0]}\n${stack}`)
}
