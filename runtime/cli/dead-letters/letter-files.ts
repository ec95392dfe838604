import { stat } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { messageOf, TidemarkError } from '../../../core/errors.js'
import { systemEnvironment } from '../../environment/system.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { openStore, parseLocation } from '../../storage/open-store.js'
import { letterOf, type StoredLetter } from './letter-line.js'

/** Below it a replay writes down what it has replayed. */
export const REPLAYED = 'replayed/'

export interface LetterFilter {
  readonly code?: string
  readonly operator?: string
  /** Epoch milliseconds: rejected then or later. */
  readonly since?: number
}

export interface LetterPlace {
  readonly s3Endpoint?: string
}

/** Opens the place of dead letters, and closes it whatever happens. */
export async function withLetters<R>(
  location: string,
  { s3Endpoint }: LetterPlace,
  work: (store: ObjectStore) => Promise<R>,
): Promise<R> {
  if (location === '') throw missing('the place is empty')
  const place = parseLocation(location)
  // A store makes the folder that it is opened in.
  if (place.kind === 'folder' && !(await stat(place.path).catch(() => undefined))?.isDirectory()) {
    throw missing(`there is no folder ${place.path}`)
  }
  const isElsewhere = place.kind === 's3' && s3Endpoint !== undefined
  const store = await openStore(location, {
    environment: systemEnvironment(),
    ...(isElsewhere && { s3: { endpoint: s3Endpoint } }),
  })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/**
 * All letters of a place, file by file in the order of their names.
 * @throws TidemarkError DEAD_LETTERS_MISSING, DEAD_LETTER_INVALID
 */
export async function* lettersIn(store: ObjectStore, filter: LetterFilter): AsyncGenerator<StoredLetter> {
  const all = (await store.list('')).filter((name) => !name.startsWith(REPLAYED))
  const packed = all.find((name) => name.endsWith('.jsonl.zst'))
  if (packed !== undefined) throw unreadable(`${packed} is compressed with zstd: unpack it (zstd -d --rm) first`)
  const names = all.filter((name) => /\.jsonl(\.gz)?$/.test(name))
  if (names.length === 0) throw missing(`${store.location} has no file that ends in .jsonl or .jsonl.gz`)
  for (const name of names) {
    const lines = (await textOf(store, name)).split('\n')
    for (const [index, line] of lines.entries()) {
      if (line === '') continue
      const letter = letterOf(line, `${name}:${index + 1}`)
      if (isAsked(letter, filter)) yield letter
    }
  }
}

async function textOf(store: ObjectStore, name: string): Promise<string> {
  // One that has gone since it was listed has no letters.
  const data = (await store.read(name)) ?? new Uint8Array()
  if (!name.endsWith('.gz')) return new TextDecoder().decode(data)
  try {
    return gunzipSync(data).toString('utf8')
  } catch (cause) {
    throw unreadable(
      `${name}: expected a gzip file, found something else (${messageOf(cause)}). Take it away, or copy it again`,
      cause,
    )
  }
}

function unreadable(message: string, cause?: unknown): TidemarkError {
  return new TidemarkError({ code: 'DEAD_LETTER_INVALID', domain: 'user', message, cause })
}

function isAsked({ code, operatorId, rejectedAt }: StoredLetter, asked: LetterFilter): boolean {
  if (asked.code !== undefined && asked.code !== code) return false
  if (asked.operator !== undefined && asked.operator !== operatorId) return false
  return asked.since === undefined || rejectedAt >= asked.since
}

function missing(found: string): TidemarkError {
  return new TidemarkError({
    code: 'DEAD_LETTERS_MISSING',
    domain: 'user',
    message: `${found}: expected a folder or s3://bucket/prefix with dead letters that a file sink has written`,
  })
}
