import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordSplitter } from '../../../connectors/file/record-splitter.js'

interface Cut {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly code: string | undefined
}

function cut(chunks: readonly string[], options: { quoted?: boolean; maxRecordBytes?: number; offset?: number } = {}) {
  const { quoted = false, maxRecordBytes = 100, offset = 0 } = options
  const splitter = new RecordSplitter({ quoted, maxRecordBytes, offset })
  const frames = [...chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk, 'latin1'))), ...splitter.end()]
  return frames.map(
    ({ bytes, start, end, problem }): Cut => ({
      text: Buffer.from(bytes).toString('latin1'),
      start,
      end,
      code: problem?.code,
    }),
  )
}

test('lines end with LF or CRLF, the last one with the input', () => {
  expect(cut(['a\nbc\r\n\nd'])).toEqual([
    { text: 'a', start: 0, end: 2, code: undefined },
    { text: 'bc', start: 2, end: 6, code: undefined },
    { text: '', start: 6, end: 7, code: undefined },
    { text: 'd', start: 7, end: 8, code: undefined },
  ])
})

test('a line end between quotes belongs to a CSV row', () => {
  expect(cut(['a,"b\n""c""\r\n"\n', 'd\n'], { quoted: true }).map(({ text }) => text)).toEqual([
    'a,"b\n""c""\r\n"',
    'd',
  ])
})

describe('a record beyond the limit', () => {
  test('at the limit it is fine, one byte more is too much, and the next one is read', () => {
    expect(cut(['12345\n123456\n12\n'], { maxRecordBytes: 5 })).toEqual([
      { text: '12345', start: 0, end: 6, code: undefined },
      { text: '12345', start: 6, end: 13, code: 'RECORD_TOO_LARGE' },
      { text: '12', start: 13, end: 16, code: undefined },
    ])
    expect(cut(['12345\r\n'], { maxRecordBytes: 5 })).toEqual([{ text: '12345', start: 0, end: 7, code: undefined }])
  })

  test('keeps at most a kilobyte, however much comes', () => {
    const [frame] = cut(new Array(100).fill('x'.repeat(1000)), { maxRecordBytes: 5000 })
    expect(frame).toMatchObject({ start: 0, end: 100_000, code: 'RECORD_TOO_LARGE' })
    expect(frame?.text).toHaveLength(1024)
  })

  test('a quote that nobody closes spoils one record, not the rest of the file', () => {
    const rows = cut([`"${'x'.repeat(20)}\n`, `${'y'.repeat(100)}\n`, 'ok,1\n', '"fi\nne"\n'], {
      quoted: true,
      maxRecordBytes: 50,
    })
    expect(rows.map(({ text, code }) => code ?? text)).toEqual(['RECORD_TOO_LARGE', 'ok,1', '"fi\nne"'])
  })
})

test('how the input is chunked makes no difference, and records tile it (property)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n'), maxLength: 12 }), { maxLength: 12 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 12 }),
      (chunks, quoted, maxRecordBytes) => {
        const whole = cut([chunks.join('')], { quoted, maxRecordBytes })
        const starts = whole.map(({ start }) => start)
        const ends = whole.map(({ end }) => end)
        expect(starts).toEqual([0, ...ends].slice(0, starts.length))
        expect(ends.at(-1) ?? 0).toBe(chunks.join('').length)
        expect(cut(chunks, { quoted, maxRecordBytes })).toEqual(whole)
      },
    ),
  )
})

test('reading on from the end of any record gives the records after it (property)', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', '\n'), maxLength: 60 }), fc.boolean(), (text, quoted) => {
      const all = cut([text], { quoted })
      for (const [index, { end }] of all.entries()) {
        expect(cut([text.slice(end)], { quoted, offset: end })).toEqual(all.slice(index + 1))
      }
    }),
  )
})
