import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { json, jsonUnchecked, lines, type ManyDecoder, text } from '../../../core/decode/index.js'
import { bytes, META, valuesOf } from './support.js'

describe('lines(text())', () => {
  test.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['\n\r\n  \n\t\na\n\n', ['a']],
    ['\uFEFFa\nb', ['a', 'b']],
    ['\uFEFF', []],
    ['a\rb\n\r', ['a\rb']],
    [' a \n', [' a ']],
    ['Zürich\n東京', ['Zürich', '東京']],
  ])('%j', (content, expected) => {
    expect(valuesOf(lines(text()), bytes(content))).toEqual(expected)
  })

  test('keeps blank lines where asked to', () => {
    const decoder = lines(text(), { blankLines: true })
    expect(valuesOf(decoder, bytes('\na\r\n\r\n \n'))).toEqual(['', 'a', '', ' '])
    expect(valuesOf(decoder, bytes('\uFEFF\n'))).toEqual([''])
    expect(valuesOf(decoder, bytes(''))).toEqual([])
  })

  test('gives back what was joined', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((found) => !/^\uFEFF|[\r\n]/.test(found))
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), (all, end) => {
        const content = all.map((one) => one + end).join('')
        expect(valuesOf(lines(text(), { blankLines: true }), bytes(content))).toEqual(all)
      }),
    )
  })

  test('of a line of a megabyte, and of a million empty ones', () => {
    const long = 'x'.repeat(1_000_000)
    expect(valuesOf(lines(text()), bytes(`${long}\na`))).toEqual([long, 'a'])
    expect(valuesOf(lines(text()), bytes('\n'.repeat(1_000_000)))).toEqual([])
  })
})

describe('lines(json(schema))', () => {
  const decoder = lines(json(z.object({ n: z.number() })))

  test('infers the type of a value', () => {
    expectTypeOf(decoder).toEqualTypeOf<ManyDecoder<{ n: number }>>()
  })

  test('a bad line spoils no other, and its bytes are the line alone', () => {
    const found: unknown[] = []
    const content = Buffer.concat([
      bytes('{"n":1}\r\n{"n":"SECRET"}\r\n{"n":'),
      Buffer.from([0xff]),
      bytes('}\n{"n":4}'),
    ])
    for (const piece of decoder.pieces(content, META)) {
      try {
        found.push(piece.decode(META))
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'RECORD_MALFORMED', message: expect.not.stringContaining('SECRET') })
        found.push(Buffer.from(piece.bytes).toString('latin1'))
      }
    }
    expect(found).toEqual([{ n: 1 }, '{"n":"SECRET"}', '{"n":\xff}', { n: 4 }])
  })
})

test('a decoder gets the record that the line lies in', () => {
  const decoder = lines((line, record: { readonly offset: string; split: string; arrivedAt: undefined }) => {
    return `${record.offset}: ${Buffer.from(line)}`
  })
  const [piece] = decoder.pieces(bytes('a'), META)
  expect(piece?.decode({ ...META, offset: '7#0' })).toBe('7#0: a')
})

test('an option that is none is refused', () => {
  expect(() => lines(jsonUnchecked(), { blankLine: true } as never)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining("Did you mean 'blankLines'") }),
  )
})
