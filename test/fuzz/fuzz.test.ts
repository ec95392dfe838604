import { expect, inject, test } from 'vitest'
import { runCases } from './run-cases.js'
import { loadSeeds } from './seeds.js'

/** `npm run fuzz -- --cases 1000000` does more of it. */
test('mutated and hostile savepoints and log entries give nothing but typed errors, in bounded time and memory', async () => {
  const seed = inject('seed')
  const tally = await runCases(await loadSeeds(), { seed, first: 0, end: 4000 })
  expect(tally.findings, `repeat with: npm run fuzz -- --seed ${seed} --case N`).toEqual([])
  // Many get past the checksums, and some are read to the end.
  expect(tally.outcomes.get('read')).toBeGreaterThan(100)
  expect(tally.outcomes.get('CHECKPOINT_CORRUPT')).toBeGreaterThan(1000)
  expect(tally.outcomes.get('LOG_CORRUPT')).toBeGreaterThan(20)
})
