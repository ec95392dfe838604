import type { Decoder } from '../../core/decode/index.js'
import { text } from '../../core/decode/index.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import type { FileSinkFormat, FileSourceFormat } from './format.js'
import { LineEncoder } from './line-encoder.js'

/** A record is a line, in UTF-8; empty lines are records too. */
export function textLines(): FileSourceFormat<string> {
  return lineFormat({ name: 'text', decoder: text(), blankLines: 'records' })
}

/**
 * JSON lines. With a decoder (`json(schema)`, `jsonUnchecked()`) the format of a source: one record a line, lines of
 * nothing but white space are not records. Without one the format of a sink: one row a line.
 */
export function jsonLines(): FileSinkFormat<unknown>
export function jsonLines<T>(decoder: Decoder<T>): FileSourceFormat<T>
export function jsonLines<T>(decoder?: Decoder<T>): FileSourceFormat<T> | FileSinkFormat<unknown> {
  if (decoder) return lineFormat({ name: 'JSON lines', decoder, blankLines: 'ignored' })
  return { name: 'JSON lines', extension: '.jsonl', load: async () => () => new LineEncoder(jsonOf) }
}

interface LineFormatOptions<T> {
  readonly name: string
  readonly decoder: Decoder<T>
  readonly blankLines: 'records' | 'ignored'
}

function lineFormat<T>({ name, decoder, blankLines }: LineFormatOptions<T>): FileSourceFormat<T> {
  return {
    name,
    quoted: false,
    header: false,
    open: () => ({
      decode: (frame, meta) => decoder(frame.bytes, meta),
      ...(blankLines === 'ignored' && {
        prepare: (frames) => {
          for (const frame of frames) frame.blank = frame.bytes.every(isWhiteSpace)
        },
      }),
    }),
  }
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

function jsonOf(row: unknown): string {
  let json: string | undefined
  try {
    json = JSON.stringify(row)
  } catch (thrown) {
    throw new TidemarkError({
      code: 'ROW_INVALID',
      domain: 'user',
      message: `the row has no JSON form: ${messageOf(thrown)}`,
      cause: thrown,
    })
  }
  if (json !== undefined) return json
  throw new TidemarkError({ code: 'ROW_INVALID', domain: 'user', message: `a ${typeof row} has no JSON form` })
}
