import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { JobCompiler, shown } from '../../bench/types/compiler.js'
import { chainedJob, emptyJob, everyStep, jobOf } from '../../bench/types/steps.js'
import { dslOf } from './dsl.js'

/** What must not compile, and what the compiler says to do instead. That it refuses more is in must-not-compile.ts and beside it. */
const REFUSED: readonly (readonly [code: string, says: string])[] = [
  ["job.from('ID', source as unknown as Source<Promise<Trip>>)", 'A source gives values, not promises'],
  ['trips.map(async (trip) => trip)', 'map does not wait for a promise. Write stream.mapAsync('],
  ['trips.flatMap((trip) => [fetchOf(trip)])', 'A row is a value, not a promise'],
  ["windows.process('ID', (values) => values.map(fetchOf))", 'A row is a value, not a promise'],
  ['trips.partitionBy(fetchOf, () => 0)', 'What partitionBy goes by is a value'],
  ["trips.mapAsync('ID', fetchOf, { onTimeout: async () => 0 })", 'there is no time left to wait in'],
  ["windows.aggregate('ID', { fare: last((trip) => fetchOf(trip)) })", 'An aggregate does not wait for a promise'],
  ['valueState<Promise<number>>()', 'State holds values, not promises'],
  ['sideOutput<Promise<number>>()', 'A side output carries values, not promises'],
  ['windows.trigger({ ...eachRecord(), clear: async () => {} })', 'A trigger does not wait'],
  ['trips.join(right)', 'A join needs two keyed streams. Write left.keyBy((value) => ...).join(right.keyBy('],
  ['trips.coGroup(right)', '.coGroup(right.keyBy((value) => ...))'],
  ['trips.intervalJoin(right, { lower: minutes(0), upper: minutes(1) })', '.intervalJoin(right.keyBy((value) => ...))'],
  ['trips.temporalJoin(right)', '.temporalJoin(right.keyBy((value) => ...))'],
  ['trips.window(tumbling(minutes(1)))', 'A window needs a keyed stream. Write stream.keyBy('],
  ['trips.iterate(fetchOf)', 'A stream cannot feed itself'],
  ['trips.keyBy((trip) => ({ cell: trip.cell }))', 'A key is a string, number, bigint or boolean'],
  ["keyed.mapAsync('ID', fetchOf)", 'What mapAsync gives has no key'],
  ["windows.aggregate('ID', { key: count() })", "The row has the window's key under this name"],
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

  it('are counted for every method of the DSL, and for every pattern', () => {
    const { program, file } = compiler.compile(everyStep())
    const dsl = dslOf(program, file)
    const patterns = dsl.functionsOf('tidemark/patterns')
    expect(program.getSemanticDiagnostics(file).map(shown)).toEqual([])
    expect(dsl.members).toEqual(expect.arrayContaining(['JobBuilder.from', 'Stream.map', 'WindowedJoin.process']))
    expect(patterns).toContain('hotspots')
    expect([...dsl.members, ...patterns].filter((name) => !dsl.used.has(name))).toEqual([])
  })
})

describe('what does not compile', () => {
  it('is refused in words that say what to do', () => {
    const declared = 'const fetchOf = async (trip: Trip): Promise<number> => trip.fare'
    const said = compiler.complaints(jobOf([declared, ...REFUSED.map(([code]) => `void ${code}`)]))
    expect(said).toEqual(REFUSED.map(([, says]) => expect.stringContaining(says)))
  })
})
