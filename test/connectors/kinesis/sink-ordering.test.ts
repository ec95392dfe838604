import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KinesisSinkOptions } from '../../../connectors/kinesis/index.js'
import { seededRandom } from '../../../core/random.js'
import { startStream } from './fixture.js'
import { hurriedEnvironment, numbersByKey, openWriter, type Row, rowSink, rowsIn, storedIn } from './sink-fixture.js'

interface Case {
  readonly seed: number
  readonly shards: number
  readonly rows: number
  readonly keys: number
  /** How likely a call has failures, and a record in it is one. */
  readonly failing: number
  readonly failed: number
  readonly lostReplies: number
  readonly options: Partial<KinesisSinkOptions<Row>>
}

const anyOptions = fc.record({
  maxRecordsPerCall: fc.integer({ min: 1, max: 500 }),
  maxDelayMs: fc.constantFrom(0, 5, 50),
  parallelCalls: fc.integer({ min: 1, max: 10 }),
  bufferRecords: fc.integer({ min: 50, max: 2000 }),
  aggregate: fc.constantFrom(false, true, { groups: 4, maxBytes: 400 }),
})

/** Of doubles most would be next to nothing. */
const anyShare = fc.integer({ min: 0, max: 60 }).map((percent) => percent / 100)

const anyCase: fc.Arbitrary<Case> = fc.record({
  seed: fc.integer(),
  shards: fc.integer({ min: 1, max: 5 }),
  rows: fc.integer({ min: 1, max: 600 }),
  keys: fc.integer({ min: 2, max: 40 }),
  failing: anyShare,
  failed: anyShare,
  lostReplies: fc.constantFrom(0, 0.1),
  options: anyOptions,
})

/** Writes random rows with checkpoints between them. Returns the rows, and what the stream holds. */
async function written({ seed, shards, rows: count, keys, ...rest }: Case, ordering: 'perKey' | 'none') {
  const random = seededRandom(seed)
  const { server, client } = await startStream(shards, {
    random,
    faults: [
      { operation: 'PutRecords', rate: rest.lostReplies, fault: { kind: 'replyLost' } },
      { rate: rest.failing, fault: { kind: 'failedRecords', rate: rest.failed } },
    ],
  })
  const sink = rowSink(server, { ...rest.options, ordering } as object)
  const { writer, writeAll } = await openWriter(sink, { environment: hurriedEnvironment(50, seed) })
  const rows = Array.from({ length: count }, (_, n) => ({ key: `key-${Math.floor(random.next() * keys)}`, n }))
  for (let from = 0; from < count; ) {
    const to = from + 1 + Math.floor(random.next() * 200)
    await writeAll(rows.slice(from, to))
    if (random.next() < 0.3) await writer.prepareCommit(from)
    from = to
  }
  await writer.prepareCommit(count)
  const stored = rowsIn(await storedIn(client))
  await writer.close()
  await server.close()
  return { rows, stored }
}

// An aggregate whose acknowledgement got lost is repeated as a whole.
test('whatever fails: every row is there, and the rows of a key are in order, a repeated record behind itself', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (drawn) => {
      const { rows, stored } = await written(drawn, 'perKey')
      const byKey = numbersByKey(stored)
      if (drawn.options.aggregate === false) {
        for (const numbers of byKey.values()) expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }
      const once = new Map([...byKey].map(([key, numbers]) => [key, [...new Set(numbers)]]))
      expect(once).toEqual(numbersByKey(rows))
      if (drawn.lostReplies === 0) expect(stored).toHaveLength(rows.length)
    }),
    { numRuns: 10 },
  )
})

test('without an order asked for: every row is there', async () => {
  await fc.assert(
    fc.asyncProperty(anyCase, async (drawn) => {
      const { rows, stored } = await written(drawn, 'none')
      expect(new Set(stored.map(({ n }) => n))).toEqual(new Set(rows.map(({ n }) => n)))
      if (drawn.lostReplies === 0) expect(stored).toHaveLength(rows.length)
    }),
    { numRuns: 10 },
  )
})
