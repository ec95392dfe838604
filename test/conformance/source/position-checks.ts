import { isDeepStrictEqual } from 'node:util'
import type { Split } from '../../../core/connector.js'
import type { CheckDefinition } from '../check.js'
import { shown } from '../check.js'
import { stored, throughCheckpoint } from '../stored.js'
import { cutsUpTo, difference } from './compare.js'
import type { SourceCheckContext } from './context.js'

type Context = SourceCheckContext<unknown>
type Check = CheckDefinition<Context>

interface Cut {
  readonly after: number
  readonly position: Split
}

/** What a checkpoint has of a split, and what comes of it. */
export const POSITION_CHECKS: readonly Check[] = [
  {
    name: 'a position restores exactly: nothing is lost, nothing comes twice',
    promise: { of: 'SplitReader.position', says: 'reading it again yields exactly the records that follow' },
    run: async (context, broken) => {
      for (const split of await context.splits()) {
        const { values } = await context.read(split)
        const cuts = await cutsOf(context, split)
        for (const chosen of cutsUpTo(cuts.length - 1)) {
          const { after, position } = cuts[chosen] as Cut
          const again = await context.read(position)
          const problem = difference(again.values, values.slice(after))
          if (problem !== undefined) {
            throw broken(
              `restored in front of record ${after} of split ${split.id}, of what follows ${problem}; the position is ${shown(position)}`,
            )
          }
        }
      }
    },
  },
  {
    name: 'a reader that was restored can be restored again',
    promise: { of: 'SplitReader.position', says: 'reading it again yields exactly the records that follow' },
    run: async (context, broken) => {
      for (const split of await context.splits()) {
        const { values } = await context.read(split)
        const found: unknown[] = []
        // A record, a crash, a record, a crash.
        for (let [position, hasSome] = [split, true]; hasSome && found.length <= values.length; ) {
          const session = await context.open(position)
          hasSome = await session.pollOne()
          found.push(...session.values)
          position = stored(session.reader.position())
          await context.close(session)
        }
        const problem = difference(found, values)
        if (problem !== undefined) throw broken(`of split ${split.id}, restored after each record, ${problem}`)
      }
    },
  },
  {
    name: 'a position that was taken does not change',
    promise: { of: 'SplitReader.position', says: 'The split as of the last `poll`' },
    run: async (context, broken) => {
      for (const split of await context.splits()) {
        const session = await context.open(split)
        const taken: (readonly [position: Split, copy: Split])[] = []
        for (let hasSome = true; hasSome; hasSome = await session.pollOne()) {
          const position = session.reader.position()
          taken.push([position, stored(position)])
        }
        const changed = taken.find(([position, copy]) => !isDeepStrictEqual(stored(position), copy))
        if (changed) throw broken(`${shown(changed[1])}, taken of split ${split.id}, was ${shown(changed[0])} later`)
      }
    },
  },
  {
    name: 'splits and positions are plain data',
    promise: { of: 'Split', says: 'Plain data, position included: it is what a checkpoint stores.' },
    run: async (context) => {
      for (const split of await context.splits()) {
        const session = await context.open(split)
        await session.pollOne()
        // It says what is not, and where.
        throughCheckpoint([split, session.reader.position()])
      }
    },
  },
  {
    name: 'a position keeps the id of its split',
    promise: { of: 'Split', says: '`id` is stable for the life of the data it names' },
    run: async (context, broken) => {
      for (const split of await context.splits()) {
        const session = await context.open(split)
        for (let hasSome = true; hasSome; hasSome = await session.pollOne()) {
          const { id } = session.reader.position()
          if (id !== split.id) throw broken(`split ${split.id} has id ${shown(id)} after ${session.taken} records`)
        }
      }
    },
  },
  {
    name: 'a record that is read again has the place and time that it had',
    promise: { of: 'Polled.offsets', says: 'A record that is read again has the same.' },
    run: async (context, broken) => {
      for (const split of await context.splits()) {
        const first = await context.read(split)
        const session = await context.open(split)
        await session.pollOne()
        await session.pollOne()
        const { taken } = session
        const again = await context.read(session.reader.position())
        const offsets = difference(again.offsets, first.offsets.slice(first.offsets.length === 0 ? 0 : taken))
        if (offsets !== undefined) throw broken(`of the offsets of split ${split.id}, restored, ${offsets}`)
        const times = difference(again.timestamps, first.timestamps.slice(first.timestamps.length === 0 ? 0 : taken))
        if (times !== undefined) throw broken(`of the timestamps of split ${split.id}, restored, ${times}`)
      }
    },
  },
]

/** The position before the first record, and after each. */
async function cutsOf(context: Context, split: Split): Promise<readonly Cut[]> {
  const session = await context.open(split)
  // It has fetched by then what it can: a position must not have what only lies in the buffer.
  await context.patience.aWhile(() => session.wakes > 0 || session.reader.finished || session.reader.caughtUp)
  const cuts: Cut[] = [{ after: 0, position: stored(session.reader.position()) }]
  while (await session.pollOne())
    cuts.push({ after: session.values.length, position: stored(session.reader.position()) })
  await context.close(session)
  return cuts
}
