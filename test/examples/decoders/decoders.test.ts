import { lines, type RecordMeta } from 'tidemark'
import { describe, expect, test } from 'vitest'
import { apacheLine } from '../../../examples/decoders/apache.js'
import { syslogMessage } from '../../../examples/decoders/syslog.js'

const META: RecordMeta = { split: 's', offset: '1', arrivedAt: undefined }
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)
const malformed = expect.objectContaining({ code: 'RECORD_MALFORMED', message: expect.not.stringContaining('SECRET') })

describe('lines of an access log', () => {
  const decode = (line: string) => apacheLine()(bytes(line), META)

  test('in the common format', () => {
    expect(decode('127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326')).toEqual({
      host: '127.0.0.1',
      user: 'frank',
      at: Date.parse('2000-10-10T20:55:36Z'),
      request: 'GET /a.gif HTTP/1.0',
      status: 200,
      bytes: 2326,
      referer: undefined,
      userAgent: undefined,
    })
  })

  test('in the combined format, with quotes inside quotes and fields that are not there', () => {
    const line = String.raw`::1 - - [01/Jan/2013:00:00:00 +0130] "GET /?q=\"x\" HTTP/1.1" 304 - "-" "curl \"8\""`
    expect(decode(line)).toMatchObject({
      user: undefined,
      at: Date.parse('2012-12-31T22:30:00Z'),
      bytes: 0,
      referer: undefined,
      userAgent: String.raw`curl \"8\"`,
    })
  })

  test.each(['', 'SECRET', '::1 - - [01/Xyz/2013:00:00:00 +0000] "GET /" 200 1', `${'"'.repeat(10_000)}SECRET`])(
    '%j is none',
    (line) => {
      expect(() => decode(line)).toThrow(malformed)
    },
  )

  test('several in one record', () => {
    const line = '::1 - - [01/Jan/2013:00:00:00 +0000] "GET / HTTP/1.1" 200 5'
    const pieces = lines(apacheLine()).pieces(bytes(`${line}\r\n${line}\n`), META)
    const statuses: number[] = []
    for (const piece of pieces) statuses.push(piece.decode(META).status)
    expect(statuses).toEqual([200, 200])
  })
})

describe('messages of syslog', () => {
  const decode = (message: string) => syslogMessage()(bytes(message), META)

  test('with everything', () => {
    const data = String.raw`[example@32473 iut="3" text="a \] b"][other@1]`
    expect(decode(`<165>1 2003-10-11T22:14:15.003Z host evntslog 111 ID47 ${data} \uFEFFAn event`)).toEqual({
      facility: 20,
      severity: 5,
      at: Date.parse('2003-10-11T22:14:15.003Z'),
      host: 'host',
      application: 'evntslog',
      processId: '111',
      messageId: 'ID47',
      data,
      message: 'An event',
    })
  })

  test('with nothing', () => {
    expect(decode('<0>1 - - - - - -')).toEqual({
      facility: 0,
      severity: 0,
      at: undefined,
      host: undefined,
      application: undefined,
      processId: undefined,
      messageId: undefined,
      data: undefined,
      message: '',
    })
  })

  test.each([
    '',
    'SECRET',
    '<192>1 - - - - - - x',
    '<1>2 - - - - - - x',
    '<34>Oct 11 22:14:15 host su: SECRET',
    '<1>1 yesterday - - - - - x',
    '<1>1 2003-99-99T22:14:15Z - - - - - x',
    `<1>1 - - - - - ${'['.repeat(10_000)}`,
  ])('%j is none', (message) => {
    expect(() => decode(message)).toThrow(malformed)
  })
})
