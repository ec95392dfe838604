import { describe, expect, test } from 'vitest'
import { parquetFormat } from '../../../connectors/parquet/index.js'
import { millis, minutes } from '../../../core/duration.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { committerOf, openWriter, writeAll } from '../file/support.js'
import { BUCKET, bigRows, checkpointOf, dataKeys, hurried, lineSink, numbersIn, startBucket, upTo } from './fixture.js'
import { numbersOf, PLACES, type Place } from './places.js'

const GOES_ON = { rollOnCheckpoint: false, maxBytes: 20 * 1024 * 1024 } as const

async function commit(place: Place, committables: readonly unknown[], generation = 1): Promise<void> {
  const committer = await committerOf(place.sink(GOES_ON), { ...hurried(), generation })
  await committer.commit(committables)
  await committer.close?.()
}

async function sweep(place: Place, generation: number): Promise<void> {
  const committer = await committerOf(place.sink(GOES_ON), { ...hurried(), generation })
  await committer.sweep?.()
  await committer.close?.()
}

describe.each(PLACES)('a file that goes on over checkpoints, in %s', (_, open) => {
  test('is one file in the end', async () => {
    const place = await open()
    const writer = await openWriter(place.sink({ ...GOES_ON, maxRows: 9000 }), hurried())
    for (const [index, id] of [1, 2, 3].entries()) {
      await writeAll(writer, bigRows(3000, 3000 * index))
      const { committables } = await checkpointOf(writer.writer, id)
      await commit(place, committables)
      if (id < 3) expect(await place.paths()).toEqual([])
    }
    expect(await place.paths()).toHaveLength(1)
    expect(await numbersOf(place)).toEqual(upTo(9000))
    await writer.writer.close()
    expect(await place.unfinished()).toBe(0)
  })

  test.each([
    ['with parts and a tail', 7000],
    ['with a tail alone', 10],
  ])('is finished by the next generation as it was at the checkpoint: %s', async (_, rows) => {
    const place = await open()
    const old = await openWriter(place.sink(GOES_ON), hurried())
    await writeAll(old, bigRows(rows))
    const { committables, state } = await checkpointOf(old.writer, 1)
    await commit(place, committables)
    // Behind the checkpoint: lost with the process.
    await writeAll(old, bigRows(6000, 50_000))
    await sweep(place, 2)
    const next = await openWriter(place.sink(GOES_ON), { ...hurried(), generation: 2, restored: state })
    await writeAll(next, bigRows(20, rows))
    // The old process wakes up.
    await writeAll(old, bigRows(6000, 60_000))
    await old.writer.close()
    const second = await checkpointOf(next.writer, 2)
    await commit(place, second.committables, 2)
    expect(await numbersOf(place)).toEqual(upTo(rows))
    await next.writer.close()
    // It goes on itself: closing leaves what the checkpoint has.
    const third = await openWriter(place.sink(GOES_ON), { ...hurried(), generation: 3, restored: second.state })
    const end = await checkpointOf(third.writer, 3)
    await commit(place, end.committables, 3)
    await third.writer.close()
    expect(await numbersOf(place)).toEqual(upTo(rows + 20))
    await sweep(place, 4)
    expect(await place.unfinished()).toBe(0)
  })

  test('is finished twice the same when the first attempt reached no checkpoint', async () => {
    const place = await open()
    const old = await openWriter(place.sink(GOES_ON), hurried())
    await writeAll(old, bigRows(6000))
    const { committables, state } = await checkpointOf(old.writer, 1)
    await commit(place, committables)
    const failed = await openWriter(place.sink(GOES_ON), { ...hurried(), generation: 2, restored: state })
    await failed.writer.prepareCommit(2)
    await sweep(place, 3)
    const next = await openWriter(place.sink(GOES_ON), { ...hurried(), generation: 3, restored: state })
    const { committables: second } = await checkpointOf(next.writer, 2)
    await commit(place, second, 3)
    await commit(place, second, 3)
    expect(await numbersOf(place)).toEqual(upTo(6000))
  })

  test('that was begun after the checkpoint is swept, and one that the checkpoint has is not', async () => {
    const place = await open()
    const sink = place.sink({
      ...GOES_ON,
      prefix: 'k=!{partitionKeyFromQuery:k}',
      partitionKeys: { k: (row) => kOf(row) },
    })
    const old = await openWriter(sink, hurried())
    await writeAll(old, withKey('held', bigRows(6000)))
    const { committables, state } = await checkpointOf(old.writer, 1)
    await commit(place, committables)
    await writeAll(old, withKey('new', bigRows(6000)))
    await place.sink()
    // Everything that was taken is on its way before the process dies.
    await old.writer.prepareCommit(2)
    expect(await place.unfinished()).toBe(2)
    await sweep(place, 2)
    expect(await place.unfinished()).toBe(1)
    const next = await openWriter(sink, { ...hurried(), generation: 2, restored: state })
    const second = await checkpointOf(next.writer, 2)
    await commit(place, second.committables, 2)
    expect(await place.paths()).toEqual([expect.stringMatching(/^k=held\/part-/)])
    expect(await numbersOf(place)).toEqual(upTo(6000))
  })

  test('ends with the input', async () => {
    const place = await open()
    const { writer, bell } = await openWriter(place.sink(GOES_ON), hurried())
    await writeAll({ writer, bell }, bigRows(10))
    writer.onWatermark?.(1_700_000_000_000)
    await commit(place, (await checkpointOf(writer, 1)).committables)
    expect(await place.paths()).toEqual([])
    writer.onWatermark?.(Number.POSITIVE_INFINITY)
    const { committables, state } = await checkpointOf(writer, 2)
    expect(state).toEqual([])
    await commit(place, committables)
    expect(await numbersOf(place)).toEqual(upTo(10))
  })

  test('ends by age and by inactivity, on the clock of the job', async () => {
    const place = await open()
    const environment = virtualEnvironment({ seed: 1 })
    const rolling = { rollOnCheckpoint: false, maxAge: minutes(5), maxInactivity: millis(2000) }
    const writer = await openWriter(place.sink(rolling), { environment })
    await writeAll(writer, [{ n: 0 }])
    await environment.advance(1500)
    await writeAll(writer, [{ n: 1 }])
    expect((await checkpointOf(writer.writer, 1)).state).toHaveLength(1)
    await environment.advance(1900)
    expect((await checkpointOf(writer.writer, 2)).state).toHaveLength(1)
    await environment.advance(200)
    expect((await checkpointOf(writer.writer, 3)).state).toHaveLength(0)
    for (let second = 0; second < 300; second++) {
      await writeAll(writer, [{ n: second }])
      await environment.advance(1000)
    }
    const { committables, state } = await checkpointOf(writer.writer, 4)
    expect(committables.filter((one) => typeof one === 'object' && one !== null && 'rows' in one)).toMatchObject([
      { rows: 300 },
    ])
    expect(state).toHaveLength(0)
    await writer.writer.close()
  })
})

const kOf = (row: unknown): string => (row as { readonly k: string }).k
const withKey = (k: string, rows: readonly object[]): object[] => rows.map((row) => ({ ...row, k }))

test('an upload that was going on at the checkpoint and expired is named, before anything is written', async () => {
  const s3 = await startBucket()
  const old = await openWriter(lineSink(s3, GOES_ON), hurried())
  await writeAll(old, bigRows(6000))
  const { state } = await checkpointOf(old.writer, 1)
  const [upload] = s3.uploads(BUCKET)
  s3.expireUpload(BUCKET, upload!.uploadId)
  await expect(
    openWriter(lineSink(s3, GOES_ON), { ...hurried(), generation: 2, restored: state }),
  ).rejects.toMatchObject({
    code: 'COMMITTABLE_MISSING',
    message: expect.stringContaining(upload!.uploadId),
  })
})

test('a writer whose upload is aborted under it fails, and says so', async () => {
  const s3 = await startBucket()
  const { writer, bell } = await openWriter(lineSink(s3, GOES_ON), hurried())
  await writeAll({ writer, bell }, bigRows(6000))
  await writer.prepareCommit(1)
  s3.expireUpload(BUCKET, s3.uploads(BUCKET)[0]!.uploadId)
  await writeAll({ writer, bell }, bigRows(6000))
  await expect(writer.prepareCommit(2)).rejects.toMatchObject({ code: 'S3_UPLOAD_GONE', retryable: true })
  await writer.close()
})

test('the answers of everything get lost, and nothing is lost or doubled', async () => {
  const s3 = await startBucket()
  s3.faults.add({ nth: [1, 3, 4, 8, 12, 13, 20, 25, 31], fault: { kind: 'replyLost' } })
  s3.faults.add({ nth: [2, 9, 15, 21, 27], fault: { kind: 'internalError' } })
  const sink = lineSink(s3, GOES_ON)
  const old = await openWriter(sink, hurried())
  await writeAll(old, bigRows(8000))
  const first = await checkpointOf(old.writer, 1)
  const committer = await committerOf(sink, { ...hurried(), generation: 2 })
  await committer.commit(first.committables)
  await committer.sweep?.()
  const next = await openWriter(sink, { ...hurried(), generation: 2, restored: first.state })
  await writeAll(next, bigRows(26_000, 8000))
  const second = await checkpointOf(next.writer, 2)
  await committer.commit(second.committables)
  const last = await openWriter(sink, { ...hurried(), generation: 3, restored: second.state })
  await committer.commit((await checkpointOf(last.writer, 3)).committables)
  expect(numbersIn(s3)).toEqual(upTo(34_000))
  expect(dataKeys(s3).length).toBeGreaterThan(2)
  expect(s3.uploads(BUCKET)).toEqual([])
})

test('a format with a footer cannot go on, and without a limit a file would never end', async () => {
  const format = parquetFormat({ schema: { n: 'int64' } })
  const options = { to: 's3://lake/x', endpoint: 'http://127.0.0.1:1', ...GOES_ON }
  const { s3Sink } = await import('../../../connectors/s3/index.js')
  expect(() => s3Sink({ ...options, format })).toThrow(/whole only at its end/)
  const s3 = await startBucket()
  expect(() => lineSink(s3, { rollOnCheckpoint: false })).toThrow(/has to end files/)
})
