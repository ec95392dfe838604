import type { StandardSchemaV1 } from '@standard-schema/spec'
import { messageOf, TidemarkError } from '../errors.js'
import type { Decoder } from './decoder.js'
import { validateWith } from './schema.js'
import { decodeUtf8 } from './utf8.js'

/**
 * One JSON text a record, validated; the type of the stream is what the schema puts out.
 * @param schema any Standard Schema (zod, valibot, arktype, ...) that validates synchronously
 * @example kinesis({ stream: 'taxi', decode: json(z.object({ fare: z.number() })) })
 */
export function json<S extends StandardSchemaV1>(schema: S): Decoder<StandardSchemaV1.InferOutput<S>> {
  const validate = validateWith(schema)
  return (bytes) => validate(parseJson(bytes))
}

/**
 * One JSON text a record, not validated: `T` is the caller's claim about what the producer sends, and a record that
 * breaks it fails somewhere downstream. It still must be UTF-8 and JSON.
 */
export function jsonUnchecked<T>(): Decoder<T> {
  // The claim that the docstring speaks of.
  return (bytes) => parseJson(bytes) as T
}

function parseJson(bytes: Uint8Array): unknown {
  const content = decodeUtf8(bytes)
  try {
    return JSON.parse(content)
  } catch (thrown) {
    // The parser's own message quotes the record; only the position may go into a log.
    const position = /at position (\d+)/.exec(messageOf(thrown))?.[1]
    const where = position === undefined ? '' : ` at character ${position}`
    throw new TidemarkError({
      code: 'RECORD_MALFORMED',
      domain: 'user',
      message: `expected JSON, found something else${where} (${bytes.byteLength} bytes)`,
    })
  }
}
