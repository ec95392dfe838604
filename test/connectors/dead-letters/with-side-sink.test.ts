import { expect, test } from 'vitest'
import { withSideSink } from '../../../connectors/dead-letters/with-side-sink.js'
import type { Committer, Sink } from '../../../core/connector.js'
import { Batch } from '../../../core/element.js'
import { engineContext } from '../file/support.js'

type Seen = (readonly [string, ...unknown[]])[]

/** Says what it is told. Its committables and its state name it and what it took. */
function recordingSink(name: string, seen: Seen, fails: { committed?: string } = {}): Sink<number> {
  return {
    kind: name,
    guarantee: 'exactly-once',
    write({ operatorId, restored }) {
      const taken: number[] = []
      seen.push([name, 'write', operatorId, restored])
      return {
        write(batch) {
          taken.push(...batch.values)
          return batch.length
        },
        prepareCommit: (id) => [{ [name]: id, taken: taken.splice(0) }],
        snapshot: () => [`state of ${name}`],
        close: () => void seen.push([name, 'close']),
      }
    },
    committer({ operatorId }): Committer {
      seen.push([name, 'committer', operatorId])
      return {
        commit: async (committables) => void seen.push([name, 'commit', committables]),
        sweep: async () => void seen.push([name, 'sweep']),
        committedAfter: async () => fails.committed,
        close: () => void seen.push([name, 'close committer']),
      }
    },
  }
}

/** Two sinks beside one: odd numbers go to the first, those above 10 to the second as well. */
function sinks(seen: Seen, fails: Parameters<typeof recordingSink>[2] = {}): Sink<number> {
  const main = recordingSink('main', seen)
  const withOdd = (large: (row: number) => void): Sink<number> =>
    withSideSink<number, number>(
      {
        ...main,
        async write(context, giveOdd) {
          const writer = await main.write(context)
          return {
            ...writer,
            write(batch, from) {
              for (const value of batch.values.slice(from)) {
                if (value % 2 === 1) giveOdd(value, 0)
                if (value > 10) large(value)
              }
              return writer.write(batch, from)
            },
          }
        },
      },
      { sink: recordingSink('odd', seen), rows: 'odd rows', suffix: 'odd', mark: 'ofOdd' },
    )
  return withSideSink<number, number>(
    { ...withOdd(() => undefined), write: (context, give) => withOdd((row) => give(row, 0)).write(context) },
    { sink: recordingSink('large', seen, fails), rows: 'large rows', suffix: 'large', mark: 'ofLarge' },
  )
}

const writerContext = (restored: readonly unknown[]) => ({
  ...engineContext({ operatorId: 'out' }),
  ...{ lineage: 'l', generation: 1, claimedAt: 0, restored, wake: () => undefined },
})
const committerContext = { ...engineContext({ operatorId: 'out' }), lineage: 'l', generation: 1 }

test('each of several sinks gets its own rows, its own state back, and its own commits, through plain data', async () => {
  const seen: Seen = []
  const sink = sinks(seen)
  expect(sink.describe?.()).toBe('odd rows to odd, large rows to large')
  const writer = await sink.write(writerContext([]))
  writer.write(new Batch([1, 2, 11, 12], [0, 0, 0, 0]), 0)
  const committables = structuredClone(await writer.prepareCommit(7))
  const state = structuredClone(writer.snapshot?.() ?? [])
  await writer.close()
  expect(seen.splice(0)).toEqual([
    ['large', 'write', 'out.large', []],
    ['odd', 'write', 'out.odd', []],
    ['main', 'write', 'out', []],
    ['main', 'close'],
    ['odd', 'close'],
    ['large', 'close'],
  ])
  const committer = await sink.committer?.(committerContext)
  await committer?.commit(committables)
  await committer?.sweep?.()
  await committer?.close?.()
  expect(seen.splice(0)).toEqual([
    ['main', 'committer', 'out'],
    ['odd', 'committer', 'out.odd'],
    ['large', 'committer', 'out.large'],
    ['main', 'commit', [{ main: 7, taken: [1, 2, 11, 12] }]],
    ['odd', 'commit', [{ odd: 7, taken: [1, 11] }]],
    ['large', 'commit', [{ large: 7, taken: [11, 12] }]],
    ...['main', 'odd', 'large'].map((name) => [name, 'sweep']),
    ...['main', 'odd', 'large'].map((name) => [name, 'close committer']),
  ])
  await sink.write(writerContext(state))
  expect(seen).toEqual([
    ['large', 'write', 'out.large', ['state of large']],
    ['odd', 'write', 'out.odd', ['state of odd']],
    ['main', 'write', 'out', ['state of main']],
  ])
})

test('what one of them has shown after a point is found: a job does not go back behind it', async () => {
  const committer = await sinks([], { committed: 'a file' }).committer?.(committerContext)
  const point = { lineage: 'l', generation: 1, checkpointId: 3 }
  expect(await committer?.committedAfter?.(point)).toBe('a file')
})

test('when the sink does not open, the one beside it is closed', async () => {
  const seen: Seen = []
  const main = recordingSink('main', seen)
  const refusing = {
    ...main,
    write: async () => {
      throw new Error('no server')
    },
  }
  const sink = withSideSink<number, number>(refusing, {
    ...{ sink: recordingSink('odd', seen), rows: 'odd rows', suffix: 'odd', mark: 'ofOdd' },
  })
  await expect(Promise.resolve(sink.write(writerContext([])))).rejects.toThrow('no server')
  expect(seen.at(-1)).toEqual(['odd', 'close'])
})

test('output of a sink that is not there any more is not passed over in silence', async () => {
  const { committer: _, ...main } = recordingSink('main', [])
  const sink = withSideSink<number, number>(main, {
    ...{ sink: recordingSink('odd', []), rows: 'odd rows', suffix: 'odd', mark: 'ofOdd' },
  })
  const committer = await sink.committer?.(committerContext)
  await committer?.commit([{ ofOdd: 1 }])
  await expect(committer?.commit([{ ofOdd: 1 }, { ofLarge: 2 }])).rejects.toMatchObject({
    code: 'COMMITTABLES_WITHOUT_SINK',
  })
})
