import { appendFile } from 'node:fs/promises'
import type { StoredLetter } from './letter-line.js'

const LINE_BREAK = 10

/** Whether a reader of lines gets it back as one record. A record may bring the end of its line with it. */
export function isOneLine({ raw }: StoredLetter): boolean {
  const at = raw.indexOf(LINE_BREAK)
  return at < 0 || at === raw.length - 1
}

/** Appends a line for each. */
export async function putIntoFile(letters: readonly StoredLetter[], path: string): Promise<void> {
  const end = Uint8Array.of(LINE_BREAK)
  await appendFile(path, Buffer.concat(letters.flatMap(({ raw }) => (raw.at(-1) === LINE_BREAK ? [raw] : [raw, end]))))
}
