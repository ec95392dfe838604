import { expect, test } from 'vitest'
import { type Give, withSideSink } from '../../../connectors/dead-letters/with-side-sink.js'
import type { Committer, Sink, WriterContext } from '../../../core/connector.js'
import { Batch } from '../../../core/element.js'
import { OperatorMetrics } from '../../../runtime/observe/metrics.js'
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

test('when the committer beside does not open, the one of the sink is closed', async () => {
  const seen: Seen = []
  const refusing: Sink<number> = {
    ...recordingSink('odd', seen),
    committer: async () => {
      throw new Error('no server')
    },
  }
  const sink = withSideSink<number, number>(recordingSink('main', seen), {
    ...{ sink: refusing, rows: 'odd rows', suffix: 'odd', mark: 'ofOdd' },
  })
  await expect(Promise.resolve(sink.committer?.(committerContext))).rejects.toThrow('no server')
  expect(seen.at(-1)).toEqual(['main', 'close committer'])
})

test('a release that knows an older state of either of the two has a lower version', () => {
  const versionOf = (main: number | undefined, odd: number | undefined): number => {
    const versioned = (name: string, stateVersion: number | undefined): Sink<number> => ({
      ...recordingSink(name, []),
      ...(stateVersion !== undefined && { stateVersion }),
    })
    const { stateVersion } = withSideSink<number, number>(versioned('main', main), {
      ...{ sink: versioned('odd', odd), rows: 'odd rows', suffix: 'odd', mark: 'ofOdd' },
    })
    return stateVersion ?? 1
  }
  // As a sink without one beside: the option may come and go.
  expect(versionOf(undefined, undefined)).toBe(1)
  expect(versionOf(4, undefined)).toBe(4)
  for (const [main, odd] of [
    [1, 3],
    [3, 1],
    [3, 3],
  ] as const) {
    for (const [olderMain, olderOdd] of [
      [main - 1, odd],
      [main, odd - 1],
      [main - 1, odd - 1],
    ] as const) {
      expect(versionOf(olderMain, olderOdd)).toBeLessThan(versionOf(main, odd))
    }
  }
})

test('what both count and show of one name is told apart, also of a sink beside the one beside', async () => {
  const metrics = new OperatorMetrics()
  const counting = (name: string, open: number): Sink<number> => ({
    ...recordingSink(name, []),
    write(context) {
      context.metrics.counter('rejectedRows', { code: 'X' }).add(open)
      context.metrics.gauge('openFiles', () => open)
      context.metrics.histogram('callMs').record(open)
      return recordingSink(name, []).write(context)
    },
  })
  const beside = (main: Sink<number>, sink: Sink<number>, suffix: string): Sink<number> =>
    withSideSink<number, number>(main, { sink, rows: 'rows', suffix, mark: `of-${suffix}` })
  const backup = beside(counting('backup', 20), counting('of backup', 300), 'rejected')
  await beside(counting('main', 1), backup, 'backup').write({ ...writerContext([]), metrics })
  const labels = ['', 'sink="backup"', 'sink="backup.rejected"']
  const values = [1, 20, 300]
  const named = (name: string, first: string) =>
    labels.map((label, at) => {
      const all = [first, label].filter(Boolean).join(',')
      return [all === '' ? name : `${name}{${all}}`, values[at]]
    })
  expect(metrics.read()).toEqual(Object.fromEntries([...named('rejectedRows', 'code="X"'), ...named('openFiles', '')]))
  const histograms = Object.entries(metrics.instruments().histograms)
  expect(Object.fromEntries(histograms.map(([name, { sum }]) => [name, sum]))).toEqual({
    callMs: 1,
    backup_callMs: 20,
    backup_rejected_callMs: 300,
  })
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

test('who waits at a barrier for room beside hears that the sink was closed', async () => {
  const full: Sink<number> = {
    ...recordingSink('odd', []),
    write: () => ({ write: (_batch, from) => from, prepareCommit: () => [], close: () => undefined }),
  }
  const giving = {
    ...recordingSink('main', []),
    write: (context: WriterContext, give: Give<number>) => {
      give(1, 0)
      return recordingSink('main', []).write(context)
    },
  }
  const sink = withSideSink<number, number>(giving, { sink: full, rows: 'odd rows', suffix: 'odd', mark: 'ofOdd' })
  const writer = await sink.write(writerContext([]))
  const prepared = Promise.resolve(writer.prepareCommit(1)).catch((error: unknown) => error)
  await writer.close()
  expect(await prepared).toMatchObject({ code: 'SINK_CLOSED', operatorId: 'out.odd', retryable: true })
})
