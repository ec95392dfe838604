import type { Split, SplitEnumerator } from '../../../core/connector.js'
import type { NumbersSourceOptions } from './numbers-source.js'
import type { SourceFault } from './source-fault.js'

let discoveries = 0
let assigned = 0

export const ENUMERATOR_FAULTS: readonly SourceFault[] = [
  {
    fault: 'discover gives all splits every time',
    found: 'discover gives what is not known, and nothing else',
    options: enumerator(({ discover }) => {
      let calls = 0
      return { discover: (known) => discover(calls++ === 0 ? known : new Set()) }
    }),
  },
  {
    fault: 'ids are new every time',
    found: 'splits have the same ids whoever finds them, and no two the same',
    options: enumerator(({ discover }) => {
      let suffix = `-run-${discoveries++}`
      return {
        discover: async (known) => {
          // A job that goes on knows what they were called.
          const [first = ''] = known
          suffix = /-run-\d+$/.exec(first)?.[0] ?? suffix
          const right = await discover(new Set([...known].map((id) => id.replace(/-run-\d+$/, ''))))
          return right.map((split) => ({ ...split, id: `${split.id}${suffix}` }))
        },
      }
    }),
  },
  {
    fault: 'a restored enumerator has forgotten the splits',
    found: 'an enumerator goes on from its snapshot',
    options: enumerator(() => ({ snapshot: () => ({ count: 1 }) })),
  },
  {
    fault: 'splits are assigned in turn, whatever was asked',
    found: 'a split is assigned to a subtask there is, always the same one',
    options: enumerator(() => ({ assign: (_split, _ordinal, parallelism) => assigned++ % parallelism })),
  },
  {
    fault: 'splits have parents, and the source does not say so',
    found: 'splits have parents only where the source says so',
    options: splits((split) => ({ ...split, parents: split.id === 'numbers-0' ? [] : ['numbers-0'] })),
  },
]

function enumerator(change: (enumerator: SplitEnumerator) => Partial<SplitEnumerator>): NumbersSourceOptions {
  return {
    changed: (source) => ({
      ...source,
      enumerate: (context) => {
        const right = source.enumerate(context)
        return { ...right, ...change(right) }
      },
    }),
  }
}

function splits(change: (split: Split) => Split): NumbersSourceOptions {
  return {
    changed: (source) => ({
      ...source,
      enumerate: (context) => {
        const right = source.enumerate(context)
        const discover = async (known: ReadonlySet<string>): Promise<readonly Split[]> =>
          (await right.discover(known)).map(change)
        return { ...right, discover }
      },
    }),
  }
}
