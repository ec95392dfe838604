import { appendFile, open, stat } from 'node:fs/promises'
import type { StoredLetter } from './letter-line.js'

const LINE_BREAK = 10

/** Whether a reader of lines gets it back as one record. A record may bring the end of its line with it. */
export function isOneLine({ raw }: StoredLetter): boolean {
  const at = raw.indexOf(LINE_BREAK)
  return at < 0 || at === raw.length - 1
}

/** Appends a line for each; for one without bytes an empty line. */
export async function putIntoFile(letters: readonly StoredLetter[], path: string): Promise<void> {
  const end = Uint8Array.of(LINE_BREAK)
  const lines = letters.flatMap(({ raw }) => (raw.at(-1) === LINE_BREAK ? [raw] : [raw, end]))
  // A replay that was killed leaves half a line: what comes next is no part of it.
  await appendFile(path, Buffer.concat((await endsInALine(path)) ? lines : [end, ...lines]))
}

/** Also what is empty or not there yet, and what is no file: a pipe. */
async function endsInALine(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined || !found.isFile() || found.size === 0) return true
  const file = await open(path, 'r')
  try {
    const last = new Uint8Array(1)
    await file.read(last, 0, 1, found.size - 1)
    return last[0] === LINE_BREAK
  } finally {
    await file.close()
  }
}
