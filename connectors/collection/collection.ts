import type { ReaderContext, Source, Split, SplitReader } from '../../core/connector.js'
import { TidemarkError } from '../../core/errors.js'
import { userError } from '../../core/operators/user-error.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'
import { requirePositiveInteger } from './options.js'

export interface CollectionOptions<T> {
  /** Epoch milliseconds of each value, in order, or a function that reads them off the value. Default: none. */
  readonly timestamps?: readonly number[] | ((value: T) => number)
  /** How many splits share the values: the i-th value lies in split i mod `splits`. Default 1, which keeps the order. */
  readonly splits?: number
}

interface CollectionSplit extends Split {
  /** The first value of the split, and the distance to the next one. */
  readonly first: number
  readonly stride: number
  /** Index of the next value to read. */
  readonly next: number
}

/**
 * A bounded source of values that the job holds in memory. The values must be the same whenever the job's module is
 * loaded: a restart reads on at an index.
 * @example job.from('numbers', collection([1, 2, 3]))
 */
export function collection<const T>(values: readonly T[], options: CollectionOptions<T> = {}): Source<T> {
  requireKnownOptions('collection', options, { timestamps: true, splits: true })
  if (!Array.isArray(values)) throw optionInvalid('collection', `expected an array of values, found ${typeof values}`)
  const { timestamps } = options
  const splits = requirePositiveInteger('collection', { name: 'splits', value: options.splits ?? 1 })
  if (typeof timestamps === 'object' && timestamps.length !== values.length) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: `collection: expected a timestamp a value, found ${timestamps.length} timestamps for ${values.length} values`,
    })
  }
  const timestampOf = typeof timestamps === 'function' ? timestamps : undefined
  const timestampAt = (index: number): number =>
    timestampOf ? timestampOf(values[index]!) : (timestamps as readonly number[])[index]!

  return {
    kind: 'collection',
    bounded: true,
    describe: () => `${values.length} values`,
    enumerate: () => ({
      async discover(known) {
        const all: CollectionSplit[] = []
        for (let first = 0; first < splits; first++) {
          all.push({ id: `collection-${first}`, first, stride: splits, next: first })
        }
        return all.filter((split) => !known.has(split.id))
      },
    }),
    read: (split, context) => read(split as CollectionSplit, context),
  }

  function read(split: CollectionSplit, context: ReaderContext): SplitReader<T> {
    let next = split.next
    const timeOf = (index: number): number => {
      try {
        return timestampAt(index)
      } catch (thrown) {
        const { operatorId } = context
        throw userError(thrown, { operatorId, call: `the timestamp function of value ${index}` })
      }
    }
    // An index past the end (but for the stride) can only come from a longer collection.
    if (next >= values.length + split.stride || split.stride !== splits) {
      throw new TidemarkError({
        code: 'COLLECTION_CHANGED',
        domain: 'user',
        operatorId: context.operatorId,
        message:
          `source '${context.operatorId}': the checkpoint stands at value ${next} of ${split.stride} splits, the ` +
          `collection has ${values.length} values in ${splits} splits now. Restore with the values it had`,
      })
    }
    return {
      poll(maxRecords) {
        if (next >= values.length) return undefined
        const taken: T[] = []
        const times: number[] = []
        const offsets: number[] = []
        for (; next < values.length && taken.length < maxRecords; next += split.stride) {
          taken.push(values[next]!)
          offsets.push(next)
          if (timestamps !== undefined) times.push(timeOf(next))
        }
        return timestamps === undefined ? { values: taken, offsets } : { values: taken, offsets, timestamps: times }
      },
      position: () => ({ ...split, next }),
      get finished() {
        return next >= values.length
      },
      get caughtUp() {
        return next >= values.length
      },
      close: () => undefined,
    }
  }
}
