import type { MalformedPolicy, Split } from '../../../core/connector.js'
import type { Broken, CheckDefinition } from '../check.js'
import { shown } from '../check.js'
import { stored } from '../stored.js'
import { difference } from './compare.js'
import { SourceCheckContext } from './context.js'
import type { ReaderSession } from './session.js'
import type { MalformedWorld } from './setup.js'

type Context = SourceCheckContext<unknown>
type Session = ReaderSession<unknown>

/** For a setup that has records which cannot be decoded. */
export const MALFORMED_CHECKS: readonly CheckDefinition<Context>[] = [
  policyCheck('fail', async ({ context, split, world }, broken) => {
    const session = await context.open(split)
    let thrown: unknown
    await session.toEnd().catch((error: unknown) => {
      thrown = error
    })
    if (thrown === undefined) throw broken(`${session.taken} records, and no error at the malformed one`)
    const expected = world.splits[0] ?? []
    const problem = difference(session.values, expected.slice(0, session.values.length))
    if (problem !== undefined) throw broken(`before the malformed record ${problem}`)
    if (session.values.length === expected.length)
      throw broken('an error only after all others: some were read past it')
  }),
  policyCheck('deadLetter', async ({ context, split, world }, broken) => {
    const { rejected } = await bitByBit(context, { split, world, broken })
    if (rejected.length !== world.malformed) {
      throw broken(`${rejected.length} dead letters for ${world.malformed} malformed records`)
    }
    for (const letter of rejected) {
      const isWhole = letter.raw.length > 0 && letter.code !== '' && letter.message !== '' && letter.offset !== ''
      if (!isWhole || letter.split !== split.id) throw broken(`a dead letter that says too little: ${shown(letter)}`)
    }
  }),
  policyCheck('skip', async ({ context, split, world }, broken) => {
    const { skipped, rejected } = await bitByBit(context, { split, world, broken })
    if (rejected.length > 0) throw broken(`${rejected.length} dead letters`)
    if (skipped !== world.malformed) throw broken(`${skipped} counted as skipped, of ${world.malformed}`)
  }),
]

interface MalformedCase {
  readonly context: Context
  readonly split: Split
  readonly world: MalformedWorld<unknown>
}

type Run = (found: MalformedCase, broken: Broken) => Promise<void>

function policyCheck(policy: MalformedPolicy, run: Run): CheckDefinition<Context> {
  return {
    name: `malformed records: ${policy}`,
    promise: {
      of: 'MalformedPolicy',
      says: '`fail` stops the job at the record, `deadLetter` hands it to `.malformed`, `skip` drops it. All are counted.',
    },
    run: async ({ setup }, broken) => {
      const { patience } = setup
      // A suite has these checks only for a setup with such a world.
      const world = await setup.malformed!(policy)
      const context: Context = new SourceCheckContext({ start: () => world, ...(patience && { patience }) }, world)
      try {
        const [split] = await context.splits()
        if (split !== undefined) await run({ context, split, world }, broken)
      } finally {
        await context.end()
      }
    },
  }
}

type Sum = Pick<Session, 'values' | 'rejected' | 'skipped'>

/** Restored after each record: a position is behind a malformed one, too. */
async function bitByBit(
  context: Context,
  { split, world, broken }: Omit<MalformedCase, 'context'> & { readonly broken: Broken },
): Promise<Sum> {
  const expected = world.splits[0] ?? []
  const most = expected.length + world.malformed
  const sum: { -readonly [K in keyof Sum]: Sum[K] } = { values: [], rejected: [], skipped: 0 }
  for (let [position, hasSome, taken] = [split, true, 0]; hasSome && taken <= most; ) {
    const session = await context.open(position)
    hasSome = await session.pollOne()
    taken += session.taken
    sum.values.push(...session.values)
    sum.rejected.push(...session.rejected)
    sum.skipped += session.skipped
    position = stored(session.reader.position())
    await context.close(session)
  }
  const problem = difference(sum.values, expected)
  if (problem !== undefined) throw broken(`of what is not malformed ${problem}`)
  return sum
}
