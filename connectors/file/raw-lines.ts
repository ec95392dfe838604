import { TidemarkError } from '../../core/errors.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'
import type { FileEncoder, FileSinkFormat } from './format.js'

export interface RawLinesOptions {
  /** Behind every row; '' where rows bring their own. Default a line feed. */
  readonly delimiter?: string
  /** The end of the files' names, with the dot. Default `.txt`. */
  readonly extension?: string
}

const PIECE_BYTES = 64 * 1024

/** Rows that are text or bytes already, written as they are. The format of a sink. */
export function rawLines(options: RawLinesOptions = {}): FileSinkFormat<string | Uint8Array> {
  requireKnownOptions('rawLines', options, { delimiter: true, extension: true })
  const { delimiter = '\n', extension = '.txt' } = options
  if (typeof delimiter !== 'string') throw optionInvalid('rawLines', 'delimiter is text')
  if (!/^(\.[a-z0-9]+)+$/.test(extension)) {
    throw optionInvalid('rawLines', `extension is a dot and small letters or digits, found '${String(extension)}'`)
  }
  return { name: 'raw lines', extension, load: async () => () => rawEncoder(Buffer.from(delimiter)) }
}

function rawEncoder(delimiter: Uint8Array): FileEncoder<string | Uint8Array> {
  let pieces: (string | Uint8Array)[] = []
  let bytes = 0
  const take = (): Uint8Array => {
    const taken = pieces
    pieces = []
    bytes = 0
    return Buffer.concat(taken.flatMap((piece) => [bytesOf(piece), delimiter]))
  }
  return {
    add(row) {
      if (typeof row !== 'string' && !(row instanceof Uint8Array)) {
        throw new TidemarkError({
          code: 'ROW_INVALID',
          domain: 'user',
          message: `a raw line is text or a Uint8Array, found ${row === null ? 'null' : typeof row}`,
        })
      }
      pieces.push(row)
      bytes += row.length + delimiter.length
    },
    get pendingBytes() {
      return bytes
    },
    get ready() {
      return bytes >= PIECE_BYTES
    },
    take,
    end: take,
  }
}

function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === 'string' ? Buffer.from(piece) : piece
}
