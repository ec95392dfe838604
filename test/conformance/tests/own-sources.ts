import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ListShardsCommand, PutRecordCommand } from '@aws-sdk/client-kinesis'
import { jsonUnchecked, type MalformedPolicy, type Source } from 'tidemark'
import { collection, generator } from 'tidemark/collection'
import { csv, files, jsonLines } from 'tidemark/file'
import { kinesis } from 'tidemark/kinesis'
import { type ConformanceCheck, sourceConformance } from 'tidemark/testing'
import { describe, expect, test } from 'vitest'
import { IS_WHOLE } from '../../setup/runs.js'
import { ownKinesis } from './own-kinesis.js'

/*
 * The sources that come with Tidemark keep the contract that others are asked to keep.
 */

/** What is different from one format to the other; all checks where all tests run. */
const IN_SHORT = /^every record|^a position restores|restored again/

function runAll(checks: readonly ConformanceCheck[]): void {
  // Each check has a world of its own.
  for (const { name, run } of checks) test.concurrent(name, run)
}

const numbers = (count: number, from = 0): readonly number[] =>
  Array.from({ length: count }, (_, index) => from + index)

describe('collection', () => {
  runAll(
    sourceConformance({
      start: () => ({
        source: () => collection(numbers(13), { splits: 3, timestamps: (n) => n * 1000 }),
        splits: [0, 1, 2].map((first) => numbers(13).filter((n) => n % 3 === first)),
      }),
    }),
  )
})

describe('generator', () => {
  runAll(
    sourceConformance({
      start: () => ({
        source: () => generator({ count: 12, splits: 2, rate: 10_000, make: (n) => n, timestamp: (n) => n * 1000 }),
        splits: [0, 1].map((first) => numbers(12).filter((n) => n % 2 === first)),
      }),
    }),
  )
})

interface Item {
  readonly n: string
  readonly text: string
}

const items = (split: number): readonly Item[] =>
  numbers(7, split * 100).map((n) => ({ n: String(n), text: `größe ${'x'.repeat(n % 7)}` }))

const FORMATS = {
  'JSON lines': {
    bytes: (split: number) =>
      Buffer.from(
        items(split)
          .map((item) => `${JSON.stringify(item)}\n`)
          .join(''),
      ),
    format: jsonLines(jsonUnchecked<Item>()),
  },
  'JSON lines, gzip': {
    bytes: (split: number) =>
      gzipSync(
        items(split)
          .map((item) => `${JSON.stringify(item)}\n`)
          .join('\n'),
      ),
    format: jsonLines(jsonUnchecked<Item>()),
  },
  CSV: {
    bytes: (split: number) =>
      Buffer.from(
        `n,text\n${items(split)
          .map(({ n, text }) => `${n},"${text}"\n`)
          .join('')}`,
      ),
    format: csv({ columns: ['n', 'text'] }),
  },
}

describe.each(Object.entries(FORMATS))('files: %s', (name, { bytes, format }) => {
  const isShort = !IS_WHOLE && name !== 'JSON lines'
  runAll(
    sourceConformance({
      start: async () => {
        const folder = await mkdtemp(join(tmpdir(), 'tidemark-'))
        for (const split of [0, 1]) await writeFile(join(folder, `part-${split}`), bytes(split))
        return {
          source: (): Source<Item> => files({ path: folder, format }),
          splits: [items(0), items(1)],
          close: () => rm(folder, { recursive: true }),
        }
      },
    }).filter((check) => !isShort || IN_SHORT.test(check.name)),
  )
})

describe('files with malformed lines', () => {
  runAll(
    sourceConformance({
      start: () => ({ source: () => collection([1]), splits: [[1]] }),
      malformed: async (onMalformed: MalformedPolicy) => {
        const folder = await mkdtemp(join(tmpdir(), 'tidemark-'))
        await writeFile(join(folder, 'part'), '1\n2\n{\n3\n\n[\n4\n')
        return {
          source: () => files({ path: folder, format: jsonLines(jsonUnchecked<number>()), onMalformed }),
          splits: [[1, 2, 3, 4]],
          malformed: 2,
          close: () => rm(folder, { recursive: true }),
        }
      },
    }).filter(({ name }) => name.startsWith('malformed')),
  )
})

describe('kinesis', () => {
  const local = ownKinesis()

  /** A stream of its own with two shards, and the numbers that each shard has. */
  async function streamOf(texts: readonly string[], shards = 2) {
    const name = await local.createStream(shards)
    const { Shards = [] } = await local.client.send(new ListShardsCommand({ StreamName: name }))
    for (const [index, text] of texts.entries()) {
      const ExplicitHashKey = Shards[index % shards]?.HashKeyRange?.StartingHashKey
      await local.client.send(
        new PutRecordCommand({ StreamName: name, Data: Buffer.from(text), PartitionKey: 'key', ExplicitHashKey }),
      )
    }
    return name
  }

  const sourceOf = (stream: string, onMalformed: MalformedPolicy = 'fail'): Source<number> =>
    kinesis({
      ...{ stream, onMalformed, startAt: 'horizon', endpoint: local.server.url },
      decode: jsonUnchecked<number>(),
      ...{ callsPerSecond: Number.POSITIVE_INFINITY, bytesPerSecond: Number.POSITIVE_INFINITY },
      ...{ pollIntervalMs: 10, maxPollIntervalMs: 20 },
    })

  runAll(
    sourceConformance({
      start: async () => {
        const stream = await streamOf(numbers(10).map(String))
        return {
          source: () => sourceOf(stream),
          splits: [0, 1].map((shard) => numbers(10).filter((n) => n % 2 === shard)),
        }
      },
      malformed: async (policy) => {
        const stream = await streamOf(['1', '2', '{', '3', '4'], 1)
        return { source: () => sourceOf(stream, policy), splits: [[1, 2, 3, 4]], malformed: 1 }
      },
    }),
  )
})

test('an observable cannot be read again: its page says so, and the suite finds it', async () => {
  const { from } = await import('rxjs')
  const { fromObservable } = await import('tidemark/rxjs')
  const broken: string[] = []
  const start = () => ({ source: () => fromObservable(from([1, 2, 3]), { bounded: true }), splits: [[1, 2, 3]] })
  for (const { name, run } of sourceConformance({ start })) await run().catch(() => broken.push(name))
  expect(broken).toEqual([
    'a position restores exactly: nothing is lost, nothing comes twice',
    'a reader that was restored can be restored again',
  ])
})
