import type { TestProject } from 'vitest/node'

/** One seed for all property tests and samples of a run: `TIDEMARK_SEED=n npm test` repeats it. */
export default function setup(project: TestProject): void {
  // What the root provides is there for all projects.
  if (!project.isRootProject()) return
  const given = process.env['TIDEMARK_SEED']
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  if (!Number.isSafeInteger(seed)) throw new RangeError(`TIDEMARK_SEED is '${given}', not a whole number`)
  process.env['TIDEMARK_SEED'] = String(seed)
  project.provide('seed', seed)
  const { TIDEMARK_RUNS: wanted } = process.env
  const runs = wanted ? `, at least ${wanted} runs of a property` : ''
  process.stdout.write(`seed ${seed}, tier ${process.env['TIDEMARK_TIER'] ?? 'sample'}${runs}\n`)
}

declare module 'vitest' {
  export interface ProvidedContext {
    seed: number
  }
}
