import { gzipSync } from 'node:zlib'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type CloudWatchLogEvent, cloudWatchLogs, csvRows, gunzip } from '../../../connectors/decode/index.js'
import { type Decoder, json, lines, type ManyDecoder, messagePackUnchecked, text } from '../../../core/decode/index.js'
import { bytes, META, valuesOf } from '../../core/decode/support.js'

const refused = expect.objectContaining({ code: 'RECORD_MALFORMED', domain: 'user' })
const gzip = (content: string | Uint8Array): Uint8Array => gzipSync(content)

/** What is good of a record, and of what is not the code and the bytes. */
function sorted<T>(decoder: ManyDecoder<T>, record: Uint8Array): unknown[] {
  const found: unknown[] = []
  for (const piece of decoder.pieces(record, META)) {
    try {
      found.push(piece.decode(META))
    } catch (thrown) {
      found.push([(thrown as { code?: unknown }).code, Buffer.from(piece.bytes).toString()])
    }
  }
  return found
}

describe('gunzip', () => {
  const Event = z.object({ n: z.number() })

  test('goes around a decoder of one value', () => {
    const decoder = gunzip(json(Event))
    expectTypeOf<ReturnType<typeof decoder>>().toEqualTypeOf<{ n: number }>()
    expectTypeOf(decoder).toExtend<Decoder<{ n: number }>>()
    expect(decoder(gzip('{"n":1}'), META)).toEqual({ n: 1 })
    expect(gunzip(messagePackUnchecked())(gzip(Uint8Array.of(0x93, 1, 2, 3)), META)).toEqual([1, 2, 3])
    expect(gunzip(text())(gzip(''), META)).toBe('')
  })

  test('goes around a decoder of many values, itself, and members one behind the other', () => {
    const decoder = gunzip(lines(json(Event)))
    expectTypeOf(decoder).toEqualTypeOf<ManyDecoder<{ n: number }>>()
    expect(valuesOf(decoder, gzip('{"n":1}\n{"n":2}\n'))).toEqual([{ n: 1 }, { n: 2 }])
    expect(valuesOf(gunzip(gunzip(lines(text()))), gzip(gzip('a\nb')))).toEqual(['a', 'b'])
    expect(valuesOf(gunzip(lines(text())), Buffer.concat([gzip('a\n'), gzip('b\n')]))).toEqual(['a', 'b'])
    expect(sorted(decoder, gzip('{"n":1}\nx\n{"n":2}'))).toEqual([{ n: 1 }, ['RECORD_MALFORMED', 'x'], { n: 2 }])
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['plain text', bytes('{"n":1}')],
    ['what is cut off', gzip('{"n":1}').subarray(0, -9)],
    [
      'what has another checksum',
      gzip('{"n":1}').map((byte, index, all) => (index === all.length - 8 ? byte ^ 1 : byte)),
    ],
    ['the mark alone', Uint8Array.of(0x1f, 0x8b)],
  ])('%s is malformed', (_, record) => {
    expect(() => gunzip(json(Event))(record, META)).toThrow(refused)
    expect(() => valuesOf(gunzip(lines(text())), record)).toThrow(refused)
  })

  test('a record that would inflate beyond the limit is too large, and one to the byte is not', () => {
    const bomb = gzip(new Uint8Array(64 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100_000)
    expect(() => gunzip(text())(bomb, META)).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }))
    expect(gunzip(text(), { maxBytes: 5 })(gzip('12345'), META)).toBe('12345')
    expect(() => gunzip(text(), { maxBytes: 5 })(gzip('123456'), META)).toThrow(/more than the 5 of maxBytes/)
  })

  test.each([0, -1, 1.5, Number.NaN, '1'])('maxBytes %j is refused when the job is built', (maxBytes) => {
    const attempts = [() => gunzip(text(), { maxBytes } as never), () => cloudWatchLogs({ maxBytes } as never)]
    for (const attempt of attempts) expect(attempt).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('csvRows', () => {
  const rows = csvRows({ columns: ['cell', 'fare'] })

  test('gives a row for each line, with quotes, CRLF, a byte order mark and empty lines', () => {
    expectTypeOf(rows).toEqualTypeOf<ManyDecoder<{ readonly cell: string; readonly fare: string }>>()
    expect(valuesOf(rows, bytes('\uFEFFa,1\r\n"b ""x"", y","2\nlines"\r\n\r\nc,\n'))).toEqual([
      { cell: 'a', fare: '1' },
      { cell: 'b "x", y', fare: '2\nlines' },
      { cell: 'c', fare: '' },
    ])
    expect(valuesOf(rows, bytes(''))).toEqual([])
  })

  test('a row that does not fit spoils no other', () => {
    const checked = csvRows({
      columns: ['cell', 'fare'],
      schema: z.object({ cell: z.string(), fare: z.coerce.number() }),
    })
    const content = Buffer.concat([bytes('a,1\nb\nc,x\nd,4,5\n'), Buffer.from([0xff]), bytes(',6\ne"f,7\ng,8\n')])
    expect(sorted(checked, content)).toEqual([
      { cell: 'a', fare: 1 },
      ['RECORD_MALFORMED', 'b'],
      ['RECORD_MALFORMED', 'c,x'],
      ['RECORD_MALFORMED', 'd,4,5'],
      ['RECORD_MALFORMED', '\uFFFD,6'],
      ['RECORD_MALFORMED', 'e"f,7\ng,8\n'],
    ])
  })

  test('takes the names from the first row where it is told to', () => {
    const named = csvRows({ header: true, columns: ['fare'], delimiter: ';' })
    expect(valuesOf(named, bytes('cell;fare\na;1\nb;2\n'))).toEqual([
      { cell: 'a', fare: '1' },
      { cell: 'b', fare: '2' },
    ])
    expect(valuesOf(named, bytes(''))).toEqual([])
    expect(() => valuesOf(named, bytes('cell;price\na;1\n'))).toThrow(
      expect.objectContaining({ code: 'CSV_HEADER_INVALID' }),
    )
  })

  test('reads a record of many rows, and rows longer than what is parsed at once', () => {
    const long = 'x'.repeat(200_000)
    const content = `a,${long}\n${Array.from({ length: 30_000 }, (_, index) => `k${index},${index}\n`).join('')}`
    const found = valuesOf(gunzip(rows), gzip(content))
    expect(found).toHaveLength(30_001)
    expect(found[0]?.fare).toBe(long)
    expect(found.at(-1)).toEqual({ cell: 'k29999', fare: '29999' })
  })

  test('is refused without columns, when the job is built', () => {
    expect(() => csvRows({})).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(() => csvRows({ columns: ['a'], delimiter: '"' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})

describe('cloudWatchLogs', () => {
  const context = {
    owner: '123456789012',
    logGroup: '/aws/lambda/fares',
    logStream: '2026/11/21/[1]',
    subscriptionFilters: ['all'],
  }
  const event = (id: string, message: string) => ({ id, timestamp: 1_700_000_000_000, message })
  const envelope = (logEvents: unknown[]): Uint8Array =>
    gzip(JSON.stringify({ messageType: 'DATA_MESSAGE', ...context, logEvents }))

  test('gives each event with where it comes from', () => {
    expectTypeOf(cloudWatchLogs()).toEqualTypeOf<ManyDecoder<CloudWatchLogEvent<string>>>()
    const extractedFields = { status: '200' }
    const record = envelope([event('1', 'START'), { ...event('2', 'GET / 200\n'), extractedFields }])
    expect(valuesOf(cloudWatchLogs(), record)).toEqual([
      { ...context, ...event('1', 'START'), extractedFields: undefined },
      { ...context, ...event('2', 'GET / 200\n'), extractedFields },
    ])
  })

  test('decodes the messages where it is told how; a bad one spoils no other', () => {
    const decoder = cloudWatchLogs({ message: json(z.object({ fare: z.number() })) })
    expectTypeOf(decoder).toEqualTypeOf<ManyDecoder<CloudWatchLogEvent<{ fare: number }>>>()
    const bad = event('2', 'no JSON')
    const found = sorted(decoder, envelope([event('1', '{"fare":3}'), bad, { id: 3 }, event('4', '{"fare":5}')]))
    expect(found).toMatchObject([
      { id: '1', message: { fare: 3 } },
      ['RECORD_MALFORMED', JSON.stringify(bad)],
      ['RECORD_MALFORMED', '{"id":3}'],
      { id: '4', message: { fare: 5 } },
    ])
  })

  test('a control message has no values', () => {
    const control = { messageType: 'CONTROL_MESSAGE', ...context, logEvents: [event('', 'CWL CONTROL MESSAGE')] }
    expect(valuesOf(cloudWatchLogs(), gzip(JSON.stringify(control)))).toEqual([])
    expect(valuesOf(cloudWatchLogs(), envelope([]))).toEqual([])
  })

  test.each([
    ['no gzip', bytes('{}')],
    ['no JSON', gzip('SECRET')],
    ['no UTF-8', gzip(Uint8Array.of(0xff))],
    ['no envelope', gzip('{"logEvents":[]}')],
    ['a message of another type', gzip(JSON.stringify({ messageType: 'OTHER', ...context, logEvents: [] }))],
    ['no events', gzip(JSON.stringify({ messageType: 'DATA_MESSAGE', ...context }))],
  ])('%s makes the whole record malformed, and is not quoted', (_, record) => {
    expect(() => valuesOf(cloudWatchLogs(), record)).toThrow(refused)
    expect(() => valuesOf(cloudWatchLogs(), record)).not.toThrow(/SECRET/)
  })

  test('an envelope that would inflate beyond the limit is too large', () => {
    expect(() => valuesOf(cloudWatchLogs({ maxBytes: 100 }), envelope([event('1', 'x'.repeat(100))]))).toThrow(
      expect.objectContaining({ code: 'RECORD_TOO_LARGE' }),
    )
  })
})
