import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/*
 * Time, timers, randomness and ids come from the environment, so that a whole job can run on virtual time from one seed
 * (DESIGN.md section 4, rule 2). `new Date(ms)` is a calculation, `new Date()` is a clock.
 */
const FORBIDDEN =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\b(setTimeout|setInterval|setImmediate)\(|\bperformance\.now\(|\brandomBytes\(|\brandomUUID\(|\bcrypto\.getRandomValues\(/

/** The seam itself. */
const EXEMPT = /^runtime\/environment\//

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return path.endsWith('.ts') ? [path] : []
  })
}

describe('core, runtime and connectors', () => {
  it('take clock, timers, randomness and ids from the environment', () => {
    const found = ['core', 'runtime', 'connectors']
      .flatMap((folder) => sources(folder))
      .filter((path) => !EXEMPT.test(path))
      .flatMap((path) =>
        readFileSync(path, 'utf8')
          .split('\n')
          .flatMap((line, index) =>
            FORBIDDEN.test(line) && !/^\s*(\*|\/\/|\/\*)/.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
          ),
      )
    expect(found).toEqual([])
  })

  it('throw nothing but TidemarkError on purpose', () => {
    const found = ['core', 'runtime', 'connectors']
      .flatMap((folder) => sources(folder))
      .flatMap((path) =>
        readFileSync(path, 'utf8')
          .split('\n')
          .flatMap((line, index) =>
            /throw new Error\(/.test(line) && !/^\s*\*/.test(line) ? [`${path}:${index + 1}`] : [],
          ),
      )
    expect(found).toEqual([])
  })
})
