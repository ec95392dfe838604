import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

describe('the arrows of the house', () => {
  it('point one way, without cycles (.dependency-cruiser.cjs)', () => {
    const run = (): string => {
      try {
        return execFileSync('npm', ['run', '--silent', 'check:dependencies'], { encoding: 'utf8' })
      } catch (error) {
        return String((error as { readonly stdout?: string }).stdout)
      }
    }
    expect(run()).toContain('no dependency violations found')
  }, 60_000)
})
