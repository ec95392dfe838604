import { link, mkdir, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { FileCommittable } from '../../../connectors/file/folder/committable.js'
import { fileSink, jsonLines, replaceOutputFolder } from '../../../connectors/file/index.js'
import { parseFinalName } from '../../../connectors/file/staged/names.js'
import type { Sink } from '../../../core/connector.js'
import { committerOf, linesOf, openWriter, temporaryFolder, visible, writeAll } from './support.js'

interface Prepared {
  readonly path: string
  readonly staging: string
  readonly sink: Sink<unknown>
  /** As it comes back from a checkpoint. */
  readonly committables: FileCommittable[]
}

/** Generation 1 wrote three files, took its checkpoint and was killed: its writer is abandoned, never closed. */
async function killedAfterCheckpoint(): Promise<Prepared> {
  const path = await temporaryFolder()
  const sink = fileSink({ path, format: jsonLines(), maxRows: 2 })
  const open = await openWriter(sink)
  await writeAll(open, [1, 2, 3, 4, 5, 6])
  const committables = JSON.parse(JSON.stringify(await open.writer.prepareCommit(1))) as FileCommittable[]
  // Rows behind the checkpoint, in files that no checkpoint knows.
  await writeAll(open, [7, 8, 9])
  return { path, staging: join(path, '.staging', 'op'), sink, committables }
}

const LINES = ['1', '2', '3', '4', '5', '6']

async function recover({ sink, committables }: Prepared): Promise<void> {
  const committer = await committerOf(sink, { generation: 2 })
  await committer.commit(committables)
  await committer.sweep?.()
}

async function settled(folder: string, count: number): Promise<void> {
  // The abandoned writer goes on for a moment, as a paused process does that wakes up.
  while ((await readdir(folder)).length < count) await new Promise((resolve) => setImmediate(resolve))
}

describe('killed between any two steps of the commit, the next generation ends with the same output', () => {
  const steps: readonly [string, (prepared: Prepared) => Promise<void>][] = [
    ['before the first link', async () => undefined],
    [
      'after the first link',
      async ({ path, staging, committables: [first] }) => link(join(staging, first!.staged), join(path, first!.final)),
    ],
    [
      'after all links',
      async ({ path, staging, committables }) => {
        for (const { staged, final } of committables) await link(join(staging, staged), join(path, final))
      },
    ],
    [
      'after the first staged name is gone',
      async ({ path, staging, committables }) => {
        for (const { staged, final } of committables) await link(join(staging, staged), join(path, final))
        await unlink(join(staging, committables[0]!.staged))
      },
    ],
    [
      'after everything, before it was logged',
      async ({ sink, committables }) => (await committerOf(sink)).commit(committables),
    ],
  ]

  test.each(steps)('%s', async (_, stopAt) => {
    const prepared = await killedAfterCheckpoint()
    await settled(prepared.staging, 4)
    await stopAt(prepared)
    await recover(prepared)
    expect(await linesOf(prepared.path)).toEqual(LINES)
    expect(await readdir(prepared.staging)).toEqual([])
    await recover(prepared)
    expect(await linesOf(prepared.path)).toEqual(LINES)
  })
})

test('killed before the checkpoint was complete: what was prepared never shows, and is swept', async () => {
  const { path, staging, sink } = await killedAfterCheckpoint()
  await settled(staging, 4)
  await (await committerOf(sink, { generation: 2 })).sweep?.()
  expect(await visible(path)).toEqual([])
  expect(await readdir(staging)).toEqual([])
})

test('killed while it looked at its folders: what it made for that is swept', async () => {
  const { path, staging, sink } = await killedAfterCheckpoint()
  for (const folder of [path, join(path, '.staging'), staging]) await writeFile(join(folder, '.tidemark.0a1b2c'), '')
  await (await committerOf(sink, { generation: 2 })).sweep?.()
  for (const folder of [path, join(path, '.staging'), staging]) {
    expect((await readdir(folder)).filter((name) => name.startsWith('.tidemark.'))).toEqual([])
  }
})

test('killed while it wrote its notes: what was not whole is swept', async () => {
  const { staging, sink } = await killedAfterCheckpoint()
  const notes = ['.schema.json.0a1b2c', '.ledger.0a1b2c']
  for (const name of [...notes, 'schema.json']) await writeFile(join(staging, name), '')
  await (await committerOf(sink, { generation: 2 })).sweep?.()
  const left = await readdir(staging)
  expect(left.filter((name) => notes.includes(name))).toEqual([])
  expect(left).toContain('schema.json')
})

test('a writer that closes removes what no checkpoint has, and nothing else', async () => {
  const path = await temporaryFolder()
  const sink = fileSink({ path, format: jsonLines() })
  const open = await openWriter(sink)
  await writeAll(open, [1])
  const committables = await open.writer.prepareCommit(1)
  await writeAll(open, [2])
  await open.writer.close()
  expect(await readdir(join(path, '.staging', 'op'))).toHaveLength(1)
  await (await committerOf(sink)).commit(committables)
  expect(await linesOf(path)).toEqual(['1'])
})

test('two processes that commit the same at the same time both succeed', async () => {
  const { path, sink, committables } = await killedAfterCheckpoint()
  const committers = await Promise.all([1, 2, 3].map(() => committerOf(sink, { generation: 2 })))
  await Promise.all(committers.map((committer) => committer.commit(committables)))
  expect(await linesOf(path)).toEqual(LINES)
})

test('an old generation that writes on after the sweep changes nothing that can be seen', async () => {
  const path = await temporaryFolder()
  const sink = fileSink({ path, format: jsonLines() })
  const old = await openWriter(sink, { generation: 1 })
  await writeAll(old, [1])
  const current = await committerOf(sink, { generation: 2 })
  await current.sweep?.()
  const replacement = await openWriter(sink, { generation: 2 })
  await writeAll(replacement, [1])
  await writeAll(old, [2])
  await old.writer.close()
  await current.commit(await replacement.writer.prepareCommit(1))
  expect(await linesOf(path)).toEqual(['1'])
  await replacement.writer.close()
})

describe('sweep', () => {
  test('leaves the present generation, other lineages, other operators and strangers alone', async () => {
    const path = await temporaryFolder()
    const staging = join(path, '.staging', 'op')
    await mkdir(staging, { recursive: true })
    await mkdir(join(path, '.staging', 'other'))
    const kept = ['a1-2-0-0-n.part', 'a1-3-0-0-n.part', 'b2-1-0-0-n.part', 'notes.txt']
    for (const name of [...kept, 'a1-1-0-0-n.part', 'a1-1-7-12-n.part']) await writeFile(join(staging, name), '')
    await writeFile(join(path, '.staging', 'other', 'a1-1-0-0-n.part'), '')
    const warnings: string[] = []
    const sink = fileSink({ path, format: jsonLines() })
    const committer = await committerOf(sink, { generation: 2, onWarning: (message) => warnings.push(message) })
    await committer.sweep?.()
    expect((await readdir(staging)).sort()).toEqual(kept)
    expect(await readdir(join(path, '.staging', 'other'))).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('other lineages')])
  })

  test('has nothing to do where no sink ever wrote', async () => {
    const sink = fileSink({ path: join(await temporaryFolder(), 'none'), format: jsonLines() })
    await (await committerOf(sink)).sweep?.()
  })
})

describe('what cannot be committed is an error that says why', () => {
  test('staged file gone and no final one', async () => {
    const { staging, sink, committables } = await killedAfterCheckpoint()
    await unlink(join(staging, committables[1]!.staged))
    await expect((await committerOf(sink)).commit(committables)).rejects.toMatchObject({
      code: 'COMMITTABLE_MISSING',
      retryable: false,
      operatorId: 'op',
      message: expect.stringMatching(/\(2 rows\).*its rows are lost/),
    })
  })

  test('the final name is taken by other contents of the same size', async () => {
    const { path, sink, committables } = await killedAfterCheckpoint()
    const target = join(path, committables[0]!.final)
    await writeFile(target, 'x'.repeat(committables[0]!.bytes))
    await expect((await committerOf(sink)).commit(committables)).rejects.toMatchObject({ code: 'COMMIT_CONFLICT' })
    expect(await readFile(target, 'utf8')).toMatch(/^x+$/)
  })

  test('a copy with the same contents counts as committed', async () => {
    const { path, staging, sink, committables } = await killedAfterCheckpoint()
    const [first] = committables
    await writeFile(join(path, first!.final), await readFile(join(staging, first!.staged)))
    await (await committerOf(sink)).commit(committables)
    expect(await linesOf(path)).toEqual(LINES)
  })

  test('a staged file that was cut', async () => {
    const { path, staging, sink, committables } = await killedAfterCheckpoint()
    await writeFile(join(staging, committables[0]!.staged), '1')
    await expect((await committerOf(sink)).commit(committables)).rejects.toMatchObject({ code: 'COMMITTABLE_DAMAGED' })
    expect(await visible(path)).toEqual([])
  })

  test.each([
    { staged: '../../../etc/passwd' },
    { final: '../../evil' },
    { final: '.tidemark' },
    { version: 2 },
    { bytes: -1 },
  ])('a committable that this sink did not make: %o', async (change) => {
    const { sink, committables } = await killedAfterCheckpoint()
    const committer = await committerOf(sink)
    for (const wrong of [{ ...committables[0], ...change }, null, 'text']) {
      await expect(committer.commit([wrong])).rejects.toMatchObject({ code: 'COMMITTABLE_INVALID' })
    }
  })
})

test('a committed file is one name again, not two of one file', async () => {
  const prepared = await killedAfterCheckpoint()
  await recover(prepared)
  for (const name of await visible(prepared.path)) expect((await stat(join(prepared.path, name))).nlink).toBe(1)
})

describe('replaceOutputFolder', () => {
  test('empties what a sink made, and the sink can make it again', async () => {
    const prepared = await killedAfterCheckpoint()
    await recover(prepared)
    await replaceOutputFolder(prepared.path)
    expect(await readdir(prepared.path)).toEqual([])
    const open = await openWriter(prepared.sink, { operatorId: 'renamed', lineage: 'b2' })
    await open.writer.close()
    expect(await readdir(prepared.path)).toContain('.tidemark')
  })

  test('a missing or empty folder is fine', async () => {
    const folder = await temporaryFolder()
    await replaceOutputFolder(folder)
    await replaceOutputFolder(join(folder, 'missing'))
    expect(await readdir(folder)).toEqual([])
  })

  test.each([undefined, '', '{}', '"tidemark"', 'not json'])(
    'refuses without a marker of ours (%j)',
    async (marker) => {
      const folder = await temporaryFolder()
      await writeFile(join(folder, 'thesis.txt'), 'years of work')
      if (marker !== undefined) await writeFile(join(folder, '.tidemark'), marker)
      await expect(replaceOutputFolder(folder)).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS', domain: 'user' })
      expect(await readFile(join(folder, 'thesis.txt'), 'utf8')).toBe('years of work')
    },
  )

  test('a folder that a sink found with files in it is not marked, so it stays refused', async () => {
    const path = await temporaryFolder()
    await writeFile(join(path, 'thesis.txt'), 'years of work')
    const open = await openWriter(fileSink({ path, format: jsonLines() }))
    await open.writer.close()
    await expect(replaceOutputFolder(path)).rejects.toMatchObject({ code: 'OUTPUT_NOT_OURS' })
  })

  test('empties a staging folder outside the output as well', async () => {
    const folder = await temporaryFolder()
    const staging = join(folder, '.unfinished')
    const sink = fileSink({ path: join(folder, 'out'), staging, format: jsonLines() })
    const open = await openWriter(sink)
    await writeAll(open, [1])
    await open.writer.prepareCommit(1)
    await replaceOutputFolder(staging)
    expect(await readdir(staging)).toEqual([])
    await rm(staging, { recursive: true })
  })
})

describe('output behind a savepoint', () => {
  test('is what a later checkpoint committed, and what a later generation did under an id used again', async () => {
    const { sink, committables, path } = await killedAfterCheckpoint()
    const committer = await committerOf(sink, { generation: 1 })
    const { lineage } = parseFinalName(committables[0]!.final)!
    await committer.commit(committables)
    const behind = (generation: number, checkpointId: number): Promise<string | undefined> =>
      committer.committedAfter?.({ lineage, generation, checkpointId }) ?? Promise.resolve(undefined)
    expect(await behind(1, 1)).toBeUndefined()
    expect(await behind(1, 0)).toContain(path)
    // A savepoint of generation 0 had id 1, generation 1 went on from an older checkpoint: its rows are in both.
    expect(await behind(0, 1)).toContain(path)
    expect(await behind(2, 0)).toBeUndefined()
  })
})
