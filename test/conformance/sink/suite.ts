import { type ConformanceCheck, checksOf } from '../check.js'
import { COMMIT_CHECKS, FAILED_COMMIT_CHECK, SWEEP_CHECK } from './commit-checks.js'
import { openSink } from './context.js'
import type { SinkSetup, TwoPhaseSinkSetup } from './setup.js'
import { OUTAGE_CHECK, WRITER_CHECKS } from './writer-checks.js'

/**
 * What every sink promises: at least once. What the setup does not offer (an outage) is not checked.
 * @example
 * for (const { name, run } of sinkConformance({ start: () => world() })) test(name, run)
 */
export function sinkConformance<T, W>(setup: SinkSetup<T, W>): readonly ConformanceCheck[] {
  return checksOf([...WRITER_CHECKS, ...(setup.outage ? [OUTAGE_CHECK] : [])], () => openSink(ofAnything(setup)))
}

/** What `sinkConformance` asks for, and what a sink with a committer promises beside it: exactly once. */
export function twoPhaseSinkConformance<T, W>(setup: TwoPhaseSinkSetup<T, W>): readonly ConformanceCheck[] {
  const definitions = [
    ...WRITER_CHECKS,
    ...COMMIT_CHECKS,
    ...(setup.unfinished ? [SWEEP_CHECK] : []),
    ...(setup.outage ? [OUTAGE_CHECK, FAILED_COMMIT_CHECK] : []),
  ]
  return checksOf(definitions, () => openSink(ofAnything(setup)))
}

/** The checks give a world's sink the world's own rows, and its functions the world: of what type is its own matter. */
function ofAnything<T, W>(setup: TwoPhaseSinkSetup<T, W>): TwoPhaseSinkSetup<unknown> {
  return setup as unknown as TwoPhaseSinkSetup<unknown>
}
