import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { Decoder } from '../../../core/decode/index.js'
import { json, jsonUnchecked, text } from '../../../core/decode/index.js'

const meta = { split: 's', offset: '7', arrivedAt: undefined }
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

describe('json(schema)', () => {
  const decode = json(z.object({ fare: z.number(), at: z.string().transform((iso) => new Date(iso).getTime()) }))

  test('gives the output of the schema and infers its type', () => {
    expectTypeOf(decode).toEqualTypeOf<Decoder<{ fare: number; at: number }>>()
    expect(decode(bytes('{"fare":1.5,"at":"2013-01-01T00:00:00Z","more":1}'), meta)).toEqual({
      fare: 1.5,
      at: 1356998400000,
    })
  })

  test('names the fields that do not fit, not their values', () => {
    const attempt = (): unknown => decode(bytes('{"fare":"SECRET","at":3}'), meta)
    expect(attempt).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }))
    expect(attempt).toThrow(/fare: .*at: /)
    expect(attempt).not.toThrow(/SECRET/)
  })

  test.each(['', '{', '{"fare":1', 'SECRET', '{"fare":1}SECRET', '\u0000'])(
    'refuses %j as malformed, without quoting it',
    (content) => {
      let message = ''
      try {
        jsonUnchecked()(bytes(content), meta)
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'RECORD_MALFORMED', domain: 'user' })
        message = (thrown as Error).message
      }
      expect(message).toMatch(/expected JSON/)
      expect(message).not.toContain('SECRET')
    },
  )

  test.each([
    ['a lone continuation byte', [0x22, 0x80, 0x22]],
    ['an overlong encoding', [0x22, 0xc0, 0xaf, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a cut sequence', [0x22, 0xe2, 0x82]],
  ])('refuses bad UTF-8: %s', (_, raw) => {
    const input = new Uint8Array(raw)
    for (const decoder of [jsonUnchecked<string>(), text(), json(z.string())]) {
      expect(() => decoder(input, meta)).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }))
    }
  })

  test('refuses a schema that validates asynchronously, in words', () => {
    const slow = json(z.string().refine(async () => true))
    expect(() => slow(bytes('"x"'), meta)).toThrow(
      expect.objectContaining({ code: 'SCHEMA_ASYNC', message: expect.stringContaining('zod') }),
    )
  })

  test('the promise of an asynchronous schema leaves no unhandled rejection', async () => {
    const slow = json<StandardSchemaV1<string>>({
      '~standard': { version: 1, vendor: 'own', validate: () => Promise.reject(new Error('later')) },
    })
    expect(() => slow(bytes('"x"'), meta)).toThrow(expect.objectContaining({ code: 'SCHEMA_ASYNC' }))
    // An unhandled rejection is reported after this turn, and fails the run.
    await new Promise((resolve) => setImmediate(resolve))
  })

  test('refuses what is not a schema when the job is built', () => {
    for (const wrong of [undefined, null, {}, 3]) {
      expect(() => json(wrong as never)).toThrow(expect.objectContaining({ code: 'SCHEMA_INVALID' }))
    }
  })
})

test('jsonUnchecked takes a byte order mark and says what it was told', () => {
  const decode = jsonUnchecked<{ a: number }>()
  expectTypeOf(decode).toEqualTypeOf<Decoder<{ a: number }>>()
  expect(decode(new Uint8Array([0xef, 0xbb, 0xbf, ...bytes('{"a":1}')]), meta)).toEqual({ a: 1 })
})
