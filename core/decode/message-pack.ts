import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Decoder } from './decoder.js'
import { readMessagePack } from './message-pack-reader.js'
import { validateWith } from './schema.js'

/**
 * One MessagePack value a record, validated; the type of the stream is what the schema puts out. Maps become objects,
 * binary a Uint8Array, integers that no number holds exactly a bigint, timestamps a Date.
 * @param schema any Standard Schema (zod, valibot, arktype, ...) that validates synchronously
 * @example kinesis({ stream: 'taxi', startAt: 'horizon', decode: messagePack(z.object({ fare: z.number() })) })
 */
export function messagePack<S extends StandardSchemaV1>(schema: S): Decoder<StandardSchemaV1.InferOutput<S>> {
  const validate = validateWith(schema)
  return (bytes) => validate(readMessagePack(bytes))
}

/** One MessagePack value a record, not validated: `T` is the caller's claim about what the producer sends. */
export function messagePackUnchecked<T>(): Decoder<T> {
  // The claim that the docstring speaks of.
  return (bytes) => readMessagePack(bytes) as T
}
