import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** `  - \`test/path.test.ts\`: the test's name`, below the rule that it proves. */
const PROOF = /^ {2}- `(test\/[^`]+\.test\.ts)`: (.+)$/

const lines = readFileSync('docs/semantics.md', 'utf8').split('\n')
const proofs = lines.map((line) => PROOF.exec(line)).filter((match) => match !== null)

describe('docs/semantics.md', () => {
  it('names tests that exist', () => {
    const missing = proofs
      .map(([, path = '', name = '']) => ({ path, name }))
      .filter(({ path, name }) => !existsSync(path) || !hasTest(readFileSync(path, 'utf8'), name))
      .map(({ path, name }) => `${path}: ${name}`)
    expect(missing).toEqual([])
  })

  it('has a test below every rule', () => {
    const unproven = lines.filter((line, index) => line.startsWith('- ') && !PROOF.test(firstProofAfter(index)))
    expect(unproven).toEqual([])
    expect(proofs.length).toBeGreaterThan(100)
  })
})

/** As a whole string literal, not as part of another name. */
function hasTest(source: string, name: string): boolean {
  return [`'${name}'`, `"${name}"`, `\`${name}\``].some((literal) => source.includes(literal))
}

/** The first line behind the rule's own text. */
function firstProofAfter(index: number): string {
  let next = index + 1
  while (lines[next]?.startsWith('  ') && !lines[next]?.startsWith('  - ')) next++
  return lines[next] ?? ''
}
