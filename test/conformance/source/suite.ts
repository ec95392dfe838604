import { type ConformanceCheck, checksOf } from '../check.js'
import { BOUNDED_CHECK, CLOSING_CHECKS, FAILING_CHECK } from './closing-checks.js'
import { openSource } from './context.js'
import { ENUMERATOR_CHECKS } from './enumerator-checks.js'
import { MALFORMED_CHECKS } from './malformed-checks.js'
import { POSITION_CHECKS } from './position-checks.js'
import { READING_CHECKS } from './reading-checks.js'
import type { SourceSetup } from './setup.js'

/**
 * The contract of a source as checks, for the test runner of your choice. What the setup does not offer (malformed
 * records, a world that fails) is not checked.
 * @example
 * for (const { name, run } of sourceConformance({ start: () => world() })) test(name, run)
 */
export function sourceConformance<T, W>(setup: SourceSetup<T, W>): readonly ConformanceCheck[] {
  const definitions = [
    ...READING_CHECKS,
    ...POSITION_CHECKS,
    ...ENUMERATOR_CHECKS,
    ...CLOSING_CHECKS,
    ...(setup.malformed ? MALFORMED_CHECKS : []),
    ...(setup.fetched ? [BOUNDED_CHECK] : []),
    ...(setup.fail ? [FAILING_CHECK] : []),
  ]
  // The functions of a setup are given its own worlds: what else those have is its own matter.
  return checksOf(definitions, () => openSource<unknown>(setup as SourceSetup<unknown>))
}
