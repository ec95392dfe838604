import { type FileHandle, open } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TidemarkError } from 'tidemark'
import { messageOf } from './message-of.js'

const CHUNK_BYTES = 256 * 1024
const MAX_LINE_LENGTH = 1024 * 1024

/** Consecutive lines of a file without their ends. A line of more than 1 MB is `undefined`. */
export interface Lines {
  readonly lines: readonly (string | undefined)[]
  /** Number of the first of them, counted from 1. */
  readonly firstLine: number
}

/**
 * Reads a text file, plain or gzip (told apart by the first bytes), in chunks of whole lines. Line ends are LF or CRLF; a
 * byte order mark is dropped; what is not UTF-8 becomes U+FFFD.
 * @throws TidemarkError TRIPS_FILE_UNREADABLE if the file cannot be opened or read; TRIPS_FILE_DAMAGED if it is gzip
 * that is damaged or ends too early: what is missing is unknown, so going on would give wrong results silently.
 */
export async function* readLines(file: string): AsyncGenerator<Lines> {
  let firstLine = 1
  try {
    for await (const lines of splitLines(textChunks(file))) {
      yield { lines, firstLine }
      firstLine += lines.length
    }
  } catch (thrown) {
    throw fileError(file, firstLine, thrown)
  }
}

async function* textChunks(file: string): AsyncGenerator<string> {
  const handle = await open(file, 'r')
  try {
    const head = await readHead(handle)
    const raw = Readable.from(bytesFrom(handle, head))
    const isGzip = head[0] === 0x1f && head[1] === 0x8b
    const decoder = new TextDecoder('utf-8')
    // An error of either stream, and an early end of this loop, destroys both; the loop is told of it.
    const bytes = isGzip ? pipeline(raw, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined) : raw
    for await (const chunk of bytes) yield decoder.decode(chunk as Uint8Array, { stream: true })
    yield decoder.decode()
  } finally {
    await handle.close()
  }
}

/** The first two bytes, fewer if there are no more. Reads no further, since a pipe cannot be read twice. */
async function readHead(handle: FileHandle): Promise<Uint8Array> {
  const head = new Uint8Array(2)
  const first = await handle.read(head, 0, 2, null)
  if (first.bytesRead !== 1) return head.subarray(0, first.bytesRead)
  const second = await handle.read(head, 1, 1, null)
  return head.subarray(0, 1 + second.bytesRead)
}

async function* bytesFrom(handle: FileHandle, head: Uint8Array): AsyncGenerator<Uint8Array> {
  yield head
  for (;;) {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, null)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

async function* splitLines(chunks: AsyncIterable<string>): AsyncGenerator<(string | undefined)[]> {
  let unfinished = ''
  let isTooLong = false
  for await (const chunk of chunks) {
    const parts: (string | undefined)[] = (unfinished + chunk).split('\n')
    const rest = parts.pop() ?? ''
    if (isTooLong && parts.length > 0) {
      parts[0] = undefined
      isTooLong = false
    }
    unfinished = rest
    if (rest.length > MAX_LINE_LENGTH) isTooLong = true
    if (isTooLong) unfinished = ''
    if (parts.length > 0) yield parts.map(withoutEnd)
  }
  if (isTooLong) yield [undefined]
  else if (unfinished !== '') yield [withoutEnd(unfinished)]
}

function withoutEnd(line: string | undefined): string | undefined {
  if (line === undefined || line.length > MAX_LINE_LENGTH) return undefined
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
}

function fileError(file: string, line: number, thrown: unknown): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (code.startsWith('Z_')) {
    return new TidemarkError({
      code: 'TRIPS_FILE_DAMAGED',
      domain: 'user',
      message: `${file}: the gzip data is damaged or ends too early, near line ${line} (${messageOf(thrown)}); fetch the file again`,
      cause: thrown,
    })
  }
  return new TidemarkError({
    code: 'TRIPS_FILE_UNREADABLE',
    domain: 'user',
    message: `${file}: cannot be read: ${REASONS[code] ?? messageOf(thrown)}`,
    cause: thrown,
  })
}
