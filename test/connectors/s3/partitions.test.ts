import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { deadLetterLines, fileSink, firehoseErrors } from '../../../connectors/file/index.js'
import type { StagedSinkOptions } from '../../../connectors/file/staged/staged-sink.js'
import type { DeadLetter } from '../../../core/connector.js'
import { committerOf, openWriter, temporaryFolder, visible, writeAll } from '../file/support.js'
import { BUCKET, checkpointOf, hurried, lineSink, linesIn, startBucket, textAt } from './fixture.js'
import { linesOf, numbersOf, PLACES, type Place } from './places.js'

const AT = Date.UTC(2026, 10, 21, 9, 5, 7)
const HOUR = 3_600_000

async function written(
  place: Place,
  options: StagedSinkOptions<unknown>,
  rows: readonly object[],
  times?: readonly number[],
) {
  const sink = place.sink(options)
  const open = await openWriter(sink, hurried())
  await writeAll(open, rows, times)
  const committer = await committerOf(sink, hurried())
  await committer.commit(await open.writer.prepareCommit(1))
  await open.writer.close()
  await committer.close?.()
  return (await place.paths()).map((path) => path.slice(0, path.lastIndexOf('/') + 1))
}

const city = (row: unknown) => (row as { readonly city: string }).city

describe.each(PLACES)('folders by a prefix, in %s', (_, open) => {
  test.each([
    ['year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/', 'year=2026/month=11/day=21/'],
    ['!{timestamp:yyyy/MM/dd/HH}', '2026/11/21/09/'],
    ["!{timestamp:'dt='yyyyMMdd'/h='HHmm}/", 'dt=20261121/h=0905/'],
    ["logs/!{timestamp:'at'-HH:mm:ss}/", 'logs/at-09:05:07/'],
    ['fixed', 'fixed/'],
  ])('of the event time: %s', async (prefix, folder) => {
    expect(await written(await open(), { prefix }, [{ n: 1 }], [AT])).toEqual([folder])
  })

  test('of fields, as Hive writes them', async () => {
    const place = await open()
    const rows = ['berlin', 'New York', 'a/b=c', '', '..', '_x', 'köln', null].map((name, n) => ({ n, city: name }))
    const options = {
      prefix: 'city=!{partitionKeyFromQuery:city}/!{partitionKeyFromLambda:city}/',
      partitionKeys: { city },
    }
    const none = '__HIVE_DEFAULT_PARTITION__'
    expect(await written(place, options, rows)).toEqual([
      'city=%2E./%2E./',
      'city=%5Fx/%5Fx/',
      'city=New%20York/New%20York/',
      `city=${none}/${none}/`,
      'city=a%2Fb%3Dc/a%2Fb%3Dc/',
      'city=berlin/berlin/',
      'city=köln/köln/',
    ])
    expect(await linesOf(place)).toHaveLength(8)
  })

  test('at most so many files are open: the one written least recently ends', async () => {
    const place = await open()
    const rows = [1, 2, 3, 1, 4, 1, 2].map((key, n) => ({ n, city: `c${key}` }))
    const options = { prefix: '!{partitionKeyFromQuery:city}', partitionKeys: { city }, maxOpenFiles: 3 }
    expect(await written(place, options, rows)).toEqual(['c1/', 'c2/', 'c2/', 'c3/', 'c4/'])
    expect(await numbersOf(place)).toEqual(rows.map(({ n }) => n))
  })

  test('a folder whose time is over, and whose files are all there, is marked', async () => {
    const place = await open()
    const options = { prefix: '!{timestamp:yyyy/MM/dd/HH}', successMarkers: true }
    const sink = place.sink(options)
    const writers = [0, 1].map((index) => openWriter(sink, { ...hurried(), index, parallelism: 2 }))
    const [first, second] = [await writers[0]!, await writers[1]!]
    const start = Date.UTC(2026, 10, 21, 9)
    const commit = async (id: number, generation = 1): Promise<string[]> => {
      const committables = [...(await first.writer.prepareCommit(id)), ...(await second.writer.prepareCommit(id))]
      const committer = await committerOf(sink, { ...hurried(), generation })
      await committer.commit(structuredClone(committables))
      await committer.close?.()
      return (await place.paths()).filter((path) => path.endsWith('/_SUCCESS'))
    }
    await writeAll(first, [{ n: 0 }, { n: 1 }], [start, start + HOUR])
    first.writer.onWatermark?.(start + 5 * HOUR)
    second.writer.onWatermark?.(start + HOUR - 2)
    expect(await commit(1)).toEqual([])
    second.writer.onWatermark?.(start + HOUR - 1)
    // Another process commits: it knows what was begun before.
    expect(await commit(2, 2)).toEqual(['2026/11/21/09/_SUCCESS'])
    second.writer.onWatermark?.(Number.POSITIVE_INFINITY)
    first.writer.onWatermark?.(Number.POSITIVE_INFINITY)
    expect(await commit(3)).toEqual(['2026/11/21/09/_SUCCESS', '2026/11/21/10/_SUCCESS'])
  })
})

test.each([
  ['!{timestamp:yyyy-WW}', /'WW' .* is not understood; write yyyy, MM/],
  ['!{timestamp:year=yyyy}', /'year' .* other letters between ' and '/],
  ['!{timestamp:yyyyyyyy}', /'yyyyyyyy'/],
  ['!{timestamp:YYYY}', /'YYYY'/],
  ['!{timestamp:/}', /names no part of a time/],
  ['!{firehose:random-string}/', /names are made of the job's lineage/],
  ['!{firehose:error-output-type}/', /belongs into errorPrefix/],
  ['!{partitionKeyFromQuery:town}/', /needs a function of that name in partitionKeys, which has city/],
  ['!{now}/', /!\{now\} is not understood; there are/],
  ['!{timestamp:yyyy', /has no end/],
  ['a//b', /a folder without a name/],
  ['/a', /a folder without a name/],
  ['a/../b', /begins with/],
  ['_tidemark/x', /begins with/],
  ['fixed/', /partitionKeys has 'city', which prefix does not use/],
])('a prefix that cannot be kept is refused in words: %s', (prefix, message) => {
  const options = { path: 'x', format: deadLetterLines(), prefix, partitionKeys: { city: () => 'x' } }
  expect(() => fileSink(options)).toThrow(message)
})

test.each(['fixed', 'hour=!{timestamp:HH}', '!{timestamp:yyyy/dd}'])('marks need times without a gap: %s', (prefix) => {
  expect(() => fileSink({ path: 'x', format: deadLetterLines(), prefix, successMarkers: true })).toThrow(
    /successMarkers/,
  )
})

describe('rows that cannot be written', () => {
  const rows: readonly unknown[] = [{ n: 0, city: 'a' }, 10n, { n: 2 }, { n: 3, city: 'b' }]
  const options = { prefix: 'city=!{partitionKeyFromQuery:city}', partitionKeys: { city } }

  test('stop the job by default, and are named', async () => {
    const s3 = await startBucket()
    const open = await openWriter(lineSink(s3, options), hurried())
    await expect(writeAll(open, rows)).rejects.toMatchObject({
      code: 'PARTITION_INVALID',
      operatorId: 'op',
      message: expect.stringContaining("partition key 'city': expected text"),
    })
    await writeAll(open, [{ n: 1, city: 'x' }])
  })

  test('go below the error prefix as documents like those of Firehose, with the same checkpoint', async () => {
    const s3 = await startBucket()
    const errorPrefix = 'errors/!{firehose:error-output-type}/!{timestamp:yyyy}/'
    const sink = lineSink(s3, { ...options, errorPrefix })
    const open = await openWriter(sink, hurried())
    await writeAll(open, rows)
    const { committables } = await checkpointOf(open.writer, 1)
    const committer = await committerOf(sink, hurried())
    expect(linesIn(s3)).toEqual([])
    await committer.commit(committables)
    expect(linesIn(s3, 'trips/city=')).toEqual(['{"n":0,"city":"a"}', '{"n":3,"city":"b"}'])
    const [key] = s3.keys(BUCKET, 'trips/errors/processing-failed/20')
    const documents = textAt(s3, key!)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(documents).toMatchObject([
      {
        attemptsMade: 1,
        errorCode: 'PARTITION_INVALID',
        arrivalTimestamp: expect.any(Number),
        attemptEndingTimestamp: expect.any(Number),
        operatorId: 'op',
      },
      { errorCode: 'PARTITION_INVALID', errorMessage: expect.stringContaining('found undefined') },
    ])
    expect(documents.map(({ rawData }) => Buffer.from(String(rawData), 'base64').toString())).toEqual([
      '10n',
      '{"n":2}',
    ])
    await committer.close?.()
  })

  test('firehoseErrors also goes into a folder', async () => {
    const path = await temporaryFolder()
    const open = await openWriter(fileSink({ path, format: firehoseErrors() }))
    const letter: DeadLetter = {
      ...{
        operatorId: 'op',
        split: 's',
        offset: '7',
        code: 'X',
        message: 'no',
        raw: Uint8Array.of(255, 0),
        isPart: false,
      },
      ...{ arrivedAt: 5, partitionKey: undefined, explicitHashKey: undefined, rejectedAt: 9 },
    }
    await writeAll(open, [letter])
    const committer = await committerOf(fileSink({ path, format: firehoseErrors() }))
    await committer.commit(await open.writer.prepareCommit(1))
    const [name = ''] = await visible(path)
    const document = JSON.parse(await readFile(join(path, name), 'utf8')) as unknown
    expect(document).toEqual({
      ...{ attemptsMade: 1, errorCode: 'X', errorMessage: 'no', rawData: '/wA=' },
      ...{ arrivalTimestamp: 5, attemptEndingTimestamp: 9, operatorId: 'op', split: 's', offset: '7' },
    })
  })
})
