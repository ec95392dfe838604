import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { type InferSchemaOptions, inferSchema, parquetFormat, parquetSink } from '../../../connectors/parquet/index.js'
import { s3Sink } from '../../../connectors/s3/index.js'
import { sinkTag } from '../../../connectors/s3/names.js'
import type { Sink } from '../../../core/connector.js'
import { committerOf, openWriter, temporaryFolder, visible, writeAll } from '../file/support.js'
import { BUCKET, checkpointOf, dataKeys, hurried, startBucket } from '../s3/fixture.js'

type Rows = readonly Readonly<Record<string, unknown>>[]

interface Place {
  /** The output is in a place of its own for each name. */
  sink(name: string, options?: InferSchemaOptions | { readonly declared: object }): Sink<object>
  rows(name: string): Promise<Rows>
  /** What was agreed on there. */
  agreed(name: string): Promise<string | undefined>
  agree(name: string, text: string): Promise<void>
}

async function folders(): Promise<Place> {
  const root = await temporaryFolder()
  const schemaOf = (name: string) => join(root, name, '.staging/op/schema.json')
  return {
    sink(name, options = {}) {
      const schema = 'declared' in options ? (options.declared as never) : inferSchema(options)
      return parquetSink({ path: join(root, name), schema, onRejected: 'skip' }) as Sink<object>
    },
    async rows(name) {
      const files = await visible(join(root, name))
      return decoded(await Promise.all(files.map((file) => readFile(join(root, name, file)))))
    },
    agreed: (name) => readFile(schemaOf(name), 'utf8').catch(() => undefined),
    async agree(name, text) {
      await mkdir(dirname(schemaOf(name)), { recursive: true })
      await writeFile(schemaOf(name), text)
    },
  }
}

async function bucket(): Promise<Place> {
  const s3 = await startBucket()
  const keyOf = (name: string) => `${name}/_tidemark/${sinkTag('op')}/schema.json`
  // Of everything: creating the schema is one of the things that may have been done.
  s3.faults.add({ nth: [2, 5, 9, 14, 20], fault: { kind: 'replyLost' } })
  return {
    sink(name, options = {}) {
      const schema = 'declared' in options ? (options.declared as never) : inferSchema(options)
      const { endpoint, region, credentials } = s3
      const format = parquetFormat({ schema })
      const patience = { callTimeoutMs: 600_000, retryForMs: 600_000 }
      const to = `s3://${BUCKET}/${name}`
      return s3Sink({ to, format, onRejected: 'skip', endpoint, region, clientConfig: { credentials }, ...patience })
    },
    rows: async (name) => decoded(dataKeys(s3, `${name}/`).map((key) => s3.read(BUCKET, key)!)),
    agreed: async (name) => s3.read(BUCKET, keyOf(name))?.toString('utf8'),
    async agree(name, text) {
      const { endpoint, region, credentials } = s3
      const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: keyOf(name), Body: Buffer.from(text) }))
      client.destroy()
    },
  }
}

async function decoded(files: readonly Buffer[]): Promise<Rows> {
  const all = await Promise.all(files.map((bytes) => parquetReadObjects({ file: new Uint8Array(bytes).buffer })))
  return all.flat()
}

const RACERS = 4

describe.each([
  ['a folder', folders],
  ['S3', bucket],
] as const)('the schema of an output in %s', (_, open) => {
  test('is one, whoever of several subtasks is first, and the others take it', async () => {
    const place = await open()
    const sink = place.sink('out')
    // Each on its own would find another type of `v`.
    const values = [1, 0.5, 'x', true]
    const writers = await Promise.all(
      values.map((_, index) => openWriter(sink, { ...hurried(), index, parallelism: RACERS })),
    )
    await Promise.all(
      writers.map((writer, index) => writeAll(writer, [{ n: index, v: values[index] }, { n: 10 + index }])),
    )
    const prepared = await Promise.all(writers.map(({ writer }) => writer.prepareCommit(1)))
    const committer = await committerOf(sink, hurried())
    await committer.commit(structuredClone(prepared.flat()))
    const rows = await place.rows('out')
    const { type } = JSON.parse((await place.agreed('out'))!).schema.v
    // Rows of which `v` does not fit are rejected; that of the winner fits.
    expect(rows.filter(({ n }) => Number(n) >= 10)).toHaveLength(RACERS)
    const kept = rows.filter(({ n }) => Number(n) < 10).map(({ n }) => Number(n))
    expect(kept).toEqual({ int64: [0], double: expect.arrayContaining([1]), string: [2], boolean: [3] }[type as string])
    await committer.close?.()
  })

  test('is that of the first rows also after a kill before any checkpoint, whatever comes first then', async () => {
    const place = await open()
    const sink = place.sink('out', { rows: 2 })
    const killed = await openWriter(sink, hurried())
    await writeAll(killed, [{ n: 1 }, { n: 2 }])
    // Killed when it had agreed: its rows are read again.
    while ((await place.agreed('out')) === undefined) await new Promise((resolve) => setImmediate(resolve))
    const committer = await committerOf(sink, { ...hurried(), generation: 2 })
    await committer.sweep?.()
    const next = await openWriter(sink, { ...hurried(), generation: 2 })
    await writeAll(next, [{ n: 0.5 }, { n: 1, more: 'x' }, { n: 1 }, { n: 2 }])
    await committer.commit(await next.writer.prepareCommit(1))
    expect(await place.rows('out')).toEqual([{ n: 1n }, { n: 2n }])
    await committer.close?.()
  })

  test('comes with a savepoint to another place, at any parallelism, before the first row is written there', async () => {
    const place = await open()
    const sink = place.sink('old')
    const old = await openWriter(sink, hurried())
    await writeAll(old, [
      { n: 1, v: null },
      { n: 2, v: 'x' },
    ])
    const { committables, state } = await checkpointOf(old.writer, 1)
    const committer = await committerOf(sink, hurried())
    await committer.commit(committables)
    // A savepoint without rows of its own, which all later ones are alike.
    const { committables: savepoint } = await checkpointOf(old.writer, 2)
    expect(savepoint).toHaveLength(1)

    const moved = place.sink('new')
    const other = await committerOf(moved, { ...hurried(), lineage: 'b2' })
    await other.commit(savepoint)
    expect(await place.agreed('new')).toBe(await place.agreed('old'))
    const writers = await Promise.all(
      [0, 1, 2].map((index) =>
        openWriter(moved, { ...hurried(), lineage: 'b2', index, parallelism: 3, restored: index === 0 ? state : [] }),
      ),
    )
    await Promise.all(writers.map((writer, index) => writeAll(writer, [{ n: 0.5 }, { n: index }])))
    const prepared = await Promise.all(writers.map(({ writer }) => writer.prepareCommit(3)))
    await other.commit(structuredClone(prepared.flat()))
    const rows = await place.rows('new')
    expect(rows.map(({ n }) => n).sort()).toEqual([0n, 1n, 2n])
    expect(new Set(rows.flatMap((row) => Object.keys(row)))).toEqual(new Set(['n', 'v']))
    await other.close?.()
    await committer.close?.()
  })

  test('is not changed by a savepoint of another one: that is refused', async () => {
    const place = await open()
    const sink = place.sink('old')
    const old = await openWriter(sink, hurried())
    await writeAll(old, [{ n: 1 }])
    const { committables } = await checkpointOf(old.writer, 1)
    const savepoint = committables.filter((one) => typeof one === 'object' && one !== null && 'kind' in one)
    const text = JSON.stringify({ version: 1, schema: { n: 'string' } })
    await place.agree('new', text)
    const committer = await committerOf(place.sink('new'), hurried())
    await expect(committer.commit(savepoint)).rejects.toMatchObject({
      ...{ code: 'SCHEMA_CONFLICT', domain: 'user', retryable: false, operatorId: 'op' },
      message: expect.stringMatching(/new\/.*schema\.json has another schema than the checkpoint/),
    })
    expect(await place.agreed('new')).toBe(text)
    // Where the job declares the schema, what a savepoint has inferred is of no matter.
    const declaring = await committerOf(place.sink('new', { declared: { n: 'double' } }), hurried())
    await declaring.commit(savepoint)
    await declaring.close?.()
    await committer.close?.()
  })

  test('is refused by name when it is damaged, or the job declares a column otherwise', async () => {
    const place = await open()
    const damaged = [
      '',
      '{"version":2,"schema":{"n":"int64"}}',
      '{"version":1,"schema":{"n":"text"}}',
      '{"version":1}',
      '[]',
    ]
    for (const [index, text] of damaged.entries()) {
      await place.agree(`damaged${index}`, text)
      await expect(openWriter(place.sink(`damaged${index}`), hurried())).rejects.toMatchObject({
        code: 'SCHEMA_CORRUPT',
        message: expect.stringMatching(/schema\.json: expected the schema of this sink/),
      })
    }
    await place.agree('out', '{"version":1,"schema":{"n":{"type":"int64","nullable":false}}}')
    for (const n of ['double', { type: 'int64', nullable: true }, { type: 'int64', bloomFilter: true }] as const) {
      await expect(openWriter(place.sink('out', { columns: { n } }), hurried())).rejects.toMatchObject({
        code: 'SCHEMA_CONFLICT',
        message: expect.stringContaining("column 'n' is declared otherwise than the schema"),
      })
    }
    await expect(openWriter(place.sink('out', { columns: { m: 'int64' } }), hurried())).rejects.toMatchObject({
      code: 'SCHEMA_CONFLICT',
      message: expect.stringContaining("column 'm'"),
    })
    const same = await openWriter(place.sink('out', { columns: { n: 'int64' } }), hurried())
    await writeAll(same, [{ n: 1 }])
    expect(await same.writer.prepareCommit(1)).toHaveLength(2)
  })
})
