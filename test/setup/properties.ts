import fc from 'fast-check'
import { inject } from 'vitest'

/** `all` runs every property ten times as often. A property that sets its own number keeps it. */
fc.configureGlobal({ seed: inject('seed'), numRuns: process.env['TIDEMARK_TIER'] === 'all' ? 1000 : 100 })
