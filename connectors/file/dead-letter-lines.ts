import type { DeadLetter } from '../../core/connector.js'
import type { FileSinkFormat } from './format.js'
import { TextEncoding } from './text-encoding.js'

/**
 * Dead letters as JSON lines: the letter's fields under their names, `raw` in base64. For `.malformed` and for
 * `onRejected` of a sink.
 * @example orders.malformed.to('dead', fileSink({ path: 'out/dead', format: deadLetterLines() }))
 */
export function deadLetterLines(): FileSinkFormat<DeadLetter> {
  return {
    name: 'dead letters, JSON lines',
    extension: '.jsonl',
    load: async () => () => {
      const encoding = new TextEncoding()
      return {
        add: (letter) => encoding.line(JSON.stringify({ ...letter, raw: base64(letter.raw) })),
        get pendingBytes() {
          return encoding.pendingBytes
        },
        get ready() {
          return encoding.ready
        },
        take: () => encoding.take(),
        end: () => encoding.take(),
      }
    },
  }
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
