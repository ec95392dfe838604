import type { DeadLetter } from '../../core/connector.js'
import type { FileSinkFormat } from './format.js'
import { LineEncoder } from './line-encoder.js'

/**
 * Dead letters as JSON lines: the letter's fields under their names, `raw` in base64. For `.malformed` and for
 * `onRejected` of a sink.
 * @example orders.malformed.to('dead', fileSink({ path: 'out/dead', format: deadLetterLines() }))
 */
export function deadLetterLines(): FileSinkFormat<DeadLetter> {
  return {
    name: 'dead letters, JSON lines',
    extension: '.jsonl',
    load: async () => () => new LineEncoder((letter) => JSON.stringify({ ...letter, raw: base64(letter.raw) })),
  }
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
