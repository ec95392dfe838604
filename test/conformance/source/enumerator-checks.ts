import type { CheckDefinition } from '../check.js'
import { shown } from '../check.js'
import { throughCheckpoint } from '../stored.js'
import type { SourceCheckContext } from './context.js'

type Check = CheckDefinition<SourceCheckContext<unknown>>

/** How splits are found and given out. */
export const ENUMERATOR_CHECKS: readonly Check[] = [
  {
    name: 'discover gives what is not known, and nothing else',
    promise: { of: 'SplitEnumerator.discover', says: 'Splits to read that are not in `known`' },
    run: async (context, broken) => {
      const enumerator = context.enumerator()
      const ids = (await enumerator.discover(new Set())).map(({ id }) => id)
      for (let known = 1; known <= ids.length; known++) {
        const set = new Set(ids.slice(0, known))
        const found = (await enumerator.discover(set)).map(({ id }) => id)
        const repeated = found.find((id) => set.has(id))
        if (repeated !== undefined) throw broken(`split ${repeated}, which is known: it would be read a second time`)
        const missing = ids.find((id) => !set.has(id) && !found.includes(id))
        if (missing !== undefined) throw broken(`not split ${missing}, which is not known: it would never be read`)
      }
      await enumerator.close?.('unfinished')
    },
  },
  {
    name: 'splits have the same ids whoever finds them, and no two the same',
    promise: { of: 'Split', says: '`id` is stable for the life of the data it names' },
    run: async (context, broken) => {
      const first = (await context.splits()).map(({ id }) => id).sort()
      const again = (await context.splits()).map(({ id }) => id).sort()
      const other = first.findIndex((id, index) => id !== again[index])
      if (other >= 0 || first.length !== again.length) {
        throw broken(`${shown(first)}, and ${shown(again)} when they were looked for again: a restart reads them anew`)
      }
      const twice = first.find((id, index) => id === first[index + 1])
      if (twice !== undefined) throw broken(`two splits with id ${shown(twice)}`)
    },
  },
  {
    name: 'an enumerator goes on from its snapshot',
    promise: { of: 'SplitEnumerator.snapshot', says: 'Plain data that a restored enumerator gets back' },
    run: async (context, broken) => {
      const enumerator = context.enumerator()
      const ids = (await enumerator.discover(new Set())).map(({ id }) => id).sort()
      const snapshot = throughCheckpoint(enumerator.snapshot?.())
      await enumerator.close?.('unfinished')
      const known = new Set(ids.slice(0, Math.ceil(ids.length / 2)))
      const restored = context.enumerator(context.world.source(), snapshot)
      const found = [...known, ...(await restored.discover(known)).map(({ id }) => id)].sort()
      await restored.close?.('unfinished')
      const other = ids.find((id) => !found.includes(id)) ?? found.find((id) => !ids.includes(id))
      if (other !== undefined) {
        throw broken(
          `with ${shown(snapshot)} restored, ${shown(found)} instead of ${shown(ids)}: they differ in ${other}`,
        )
      }
    },
  },
  {
    name: 'a split is assigned to a subtask there is, always the same one',
    promise: { of: 'SplitEnumerator.assign', says: 'Must be pure.' },
    run: async (context, broken) => {
      const [one, other] = [context.enumerator(), context.enumerator()]
      for (const [ordinal, split] of (await one.discover(new Set())).entries()) {
        for (const parallelism of [1, 2, 3, 7]) {
          const given = one.assign?.(split, ordinal, parallelism) ?? 0
          const again = [one, other].map((each) => each.assign?.(split, ordinal, parallelism) ?? 0)
          if (!(Number.isInteger(given) && given >= 0 && given < parallelism)) {
            throw broken(`subtask ${given} of ${parallelism} for split ${split.id}`)
          }
          const different = again.find((subtask) => subtask !== given)
          if (different !== undefined)
            throw broken(`split ${split.id} on subtask ${given}, and on ${different} when asked again`)
        }
      }
      for (const enumerator of [one, other]) await enumerator.close?.('unfinished')
    },
  },
  {
    name: 'splits have parents only where the source says so',
    promise: { of: 'Split.parents', says: 'Only where the source says `splitsHaveParents`.' },
    run: async (context, broken) => {
      const { splitsHaveParents = false } = context.world.source()
      for (const { id, parents = [] } of await context.splits()) {
        if (parents.length > 0 && !splitsHaveParents) {
          throw broken(`split ${id} names ${shown(parents)}, which nobody waits for: it may be read before them`)
        }
        if (parents.includes(id)) throw broken(`split ${id} waits for itself`)
      }
    },
  },
]
