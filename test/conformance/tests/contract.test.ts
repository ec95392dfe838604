import { describe, expect, test } from 'vitest'
import { COMMIT_CHECKS, FAILED_COMMIT_CHECK, SWEEP_CHECK } from '../sink/commit-checks.js'
import { OUTAGE_CHECK, WRITER_CHECKS } from '../sink/writer-checks.js'
import { BOUNDED_CHECK, CLOSING_CHECKS, FAILING_CHECK } from '../source/closing-checks.js'
import { ENUMERATOR_CHECKS } from '../source/enumerator-checks.js'
import { MALFORMED_CHECKS } from '../source/malformed-checks.js'
import { POSITION_CHECKS } from '../source/position-checks.js'
import { READING_CHECKS } from '../source/reading-checks.js'
import { contract } from './contract.js'

const CHECKS = [
  ...READING_CHECKS,
  ...POSITION_CHECKS,
  ...ENUMERATOR_CHECKS,
  ...CLOSING_CHECKS,
  ...MALFORMED_CHECKS,
  BOUNDED_CHECK,
  FAILING_CHECK,
  ...WRITER_CHECKS,
  ...COMMIT_CHECKS,
  SWEEP_CHECK,
  OUTAGE_CHECK,
  FAILED_COMMIT_CHECK,
]

describe('what a check calls a promise stands in the contract', () => {
  const texts = contract()

  test.each(CHECKS.map(({ name, promise }) => [name, promise] as const))('%s', (_name, { of, says }) => {
    expect(texts.get(of)).toContain(says)
  })
})
