import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { TidemarkError } from '../../../core/errors.js'
import { systemEnvironment } from '../../environment/system.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { isOneLine, putIntoFile } from './file-target.js'
import { putIntoStream, type Refused } from './kinesis-target.js'
import { type LetterFilter, type LetterPlace, lettersIn, REPLAYED, withLetters } from './letter-files.js'
import type { StoredLetter } from './letter-line.js'

export interface ReplayOptions extends LetterFilter, LetterPlace {
  readonly to: string
  readonly kinesisEndpoint?: string
  readonly yes: boolean
  readonly again: boolean
  readonly parts: boolean
}

/** Letters that are put, and written down as put, together. */
const BATCH = 10_000

/**
 * What `tidemark dead-letters replay` prints. Of what has been put into a target a list is kept beside the letters, so that a
 * second run leaves it out; it is written when the target has taken them, so that a run which is killed puts a batch twice
 * rather than never.
 */
export function replayLetters(location: string, options: ReplayOptions): Promise<string> {
  return withLetters(location, options, async (store) => {
    const target = targetOf(options)
    const known = options.again ? new Set<string>() : await replayedInto(store, target)
    const counts = { put: 0, before: 0, parts: 0 }
    const refused: Refused[] = []
    let batch: StoredLetter[] = []
    const put = async (): Promise<void> => {
      let taken: readonly StoredLetter[] = batch
      if (batch.length > 0 && options.yes) {
        const notTaken = await putAll(batch, target, options)
        refused.push(...notTaken)
        const ids = new Set(notTaken.map(({ id }) => id))
        taken = batch.filter(({ id }) => !ids.has(id))
        await remember(store, target, taken)
      }
      counts.put += taken.length
      batch = []
    }
    for await (const letter of lettersIn(store, options)) {
      if (known.has(letter.id)) counts.before++
      else if (letter.isPart && !options.parts) counts.parts++
      else if (target.kind === 'file' && !isOneLine(letter))
        refused.push({ id: letter.id, reason: 'a line break in it' })
      else batch.push(letter)
      if (batch.length >= BATCH) await put()
    }
    await put()
    const done = said(counts, target, options)
    if (refused.length > 0) throw notTaken(refused, target, done)
    return done
  })
}

type Target = { readonly kind: 'kinesis'; readonly stream: string } | { readonly kind: 'file'; readonly path: string }

function targetOf({ to }: ReplayOptions): Target {
  const stream = /^kinesis:(?:\/\/)?(.+)$/.exec(to)?.[1]
  if (stream !== undefined) return { kind: 'kinesis', stream }
  if (/^[a-z][a-z0-9+.-]+:/i.test(to)) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: `--to: expected kinesis:<stream> or the path of a file, found ${to}`,
    })
  }
  return { kind: 'file', path: resolve(to) }
}

function nameOf(target: Target): string {
  return target.kind === 'kinesis' ? `stream ${target.stream}` : target.path
}

/** Gives those that the target can never take. */
async function putAll(
  letters: readonly StoredLetter[],
  target: Target,
  options: ReplayOptions,
): Promise<readonly Refused[]> {
  if (target.kind === 'kinesis') {
    return putIntoStream(letters, { stream: target.stream, endpoint: options.kinesisEndpoint })
  }
  await putIntoFile(letters, target.path)
  return []
}

/** Of those that were refused. */
const NAMED = 5

function notTaken(refused: readonly Refused[], target: Target, done: string): TidemarkError {
  const named = refused.slice(0, NAMED).map(({ id, reason }) => `${id} (${reason})`)
  const others = refused.length > NAMED ? `, and ${refused.length - NAMED} more` : ''
  return new TidemarkError({
    code: 'DEAD_LETTERS_REFUSED',
    domain: 'user',
    message:
      `${done}; ${refused.length} can never be put there, and are not written down as put: ${named.join(', ')}${others}. ` +
      (target.kind === 'file'
        ? 'Put them into a stream'
        : `Put them into a file, or raise what ${nameOf(target)} takes`),
  })
}

/** Of a target: two targets have nothing in common. */
function listOf(target: Target): string {
  return `${REPLAYED}${createHash('sha256').update(nameOf(target)).digest('hex').slice(0, 16)}/`
}

/** Also by replays of folders in this one. Those name their letters from there. */
async function replayedInto(store: ObjectStore, target: Target): Promise<Set<string>> {
  const list = listOf(target)
  const ids = new Set<string>()
  for (const name of await store.list('')) {
    const at = `/${name}`.indexOf(`/${list}`)
    if (at < 0) continue
    const folder = name.slice(0, at)
    const data = await store.read(name)
    for (const id of new TextDecoder().decode(data).split('\n')) ids.add(folder + id)
  }
  return ids
}

async function remember(store: ObjectStore, target: Target, letters: readonly StoredLetter[]): Promise<void> {
  const ids = letters.map(({ id }) => id).join('\n')
  await store.create(`${listOf(target)}${systemEnvironment().nonce()}.txt`, new TextEncoder().encode(ids))
}

function said(
  counts: { readonly put: number; readonly before: number; readonly parts: number },
  target: Target,
  { yes }: ReplayOptions,
): string {
  const lines = [
    yes
      ? `${counts.put} put into ${nameOf(target)}`
      : `${counts.put} would be put into ${nameOf(target)}; --yes does it`,
  ]
  if (counts.before > 0)
    lines.push(`${counts.before} were put there before, and are left out; --again puts them once more`)
  if (counts.parts > 0) {
    lines.push(
      `${counts.parts} are parts of records, which the source's decoder does not take; --parts puts them all the same`,
    )
  }
  return lines.join('\n')
}
