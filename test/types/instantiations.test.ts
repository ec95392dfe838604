import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { JobCompiler } from '../../bench/types/compiler.js'
import { chainedJob, emptyJob, STEPS } from '../../bench/types/steps.js'

/** What steps are called on, by its variable in the texts. */
const OWNERS = {
  JobBuilder: 'job',
  Stream: 'trips',
  SourceStream: 'read',
  KeyedStream: 'keyed',
  WindowedStream: 'windows',
  WindowedJoin: 'joined',
}
/** They refuse, in words. */
const REFUSED = [
  ...['iterate', 'window', 'join', 'coGroup', 'intervalJoin', 'temporalJoin'].map((name) => `${name} of Stream`),
  'mapAsync of KeyedStream',
]

/** Reads and parses Tidemark once: about as long as the rest takes. */
const compiler = new JobCompiler({ root: resolve(import.meta.dirname, '../..'), extension: '.ts' })

describe('type instantiations', () => {
  const empty = compiler.instantiations(emptyJob())
  const of = (operators: number): number => compiler.instantiations(chainedJob(operators)) - empty

  it('grow with the operators of a job and not faster', () => {
    const [ten, twenty, forty] = [of(10), of(20), of(40)]
    expect(ten).toBeGreaterThan(1000)
    // What the second ten and the next twenty add: the types of a stream do not remember where it comes from.
    expect((forty - twenty) / (twenty - ten)).toBeLessThan(2.5)
  })

  it('are counted for every method of the DSL', () => {
    const members = compiler.membersOf(emptyJob())
    const missing = Object.entries(OWNERS).flatMap(([owner, variable]) => {
      const written = STEPS[owner]?.map(({ code }) => code).join('\n') ?? ''
      const own = members.get(variable) ?? []
      expect(own, `members of ${owner}`).not.toEqual([])
      return own
        .filter((member) => owner !== 'SourceStream' || !members.get('trips')?.includes(member))
        .filter((member) => !REFUSED.includes(`${member} of ${owner}`))
        .filter((member) => !written.includes(`.${member}`))
        .map((member) => `${owner}.${member}`)
    })
    expect(missing).toEqual([])
  })
})
