import fc from 'fast-check'
import { inject, vi } from 'vitest'
import { runs, timeout } from './runs.js'

/** A property that sets its own number keeps it. */
fc.configureGlobal({ seed: inject('seed'), ...runs(100) })
// Those with a property have many runs to get through.
vi.setConfig({ testTimeout: timeout })
