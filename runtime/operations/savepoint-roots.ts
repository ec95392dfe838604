import { realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { Refusal } from './refusal.js'

/**
 * A request may name a place for a savepoint only below the configured roots: otherwise whoever reaches the server could
 * write anywhere that the process can. Says what is wrong with `to`, if anything is.
 */
export async function refusalOfLocation(to: string, roots: readonly string[]): Promise<Refusal | undefined> {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(to)
  if (!isUrl && !isAbsolute(to)) {
    return invalid(`'${to}' is neither an absolute path nor an s3:// location`)
  }
  // Nothing here is decoded, and nothing behind it may decode to something else.
  if ([...to].some((character) => character < ' ' || character === '\\') || (isUrl && /[%?#]/.test(to))) {
    return invalid('a location has no control characters or backslashes, and an s3:// one no %, ? or #')
  }
  for (const root of roots) {
    if (isUrl ? isBelowUrl(to, root) : await isBelowFolder(to, root)) return undefined
  }
  return {
    status: 403,
    code: 'SAVEPOINT_PLACE_NOT_ALLOWED',
    message: `'${to}' is below none of the places for savepoints (${roots.join(', ') || 'there are none'}): allow one with --savepoint-root`,
  }
}

function invalid(message: string): Refusal {
  return { status: 400, code: 'SAVEPOINT_PLACE_INVALID', message }
}

function isBelowUrl(to: string, root: string): boolean {
  const base = root.endsWith('/') ? root : `${root}/`
  if (!to.startsWith(base)) return false
  const segments = to.slice(base.length).replace(/\/$/, '').split('/')
  return segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

async function isBelowFolder(to: string, root: string): Promise<boolean> {
  if (root.includes('://')) return false
  const way = relative(await real(resolve(root)), await real(resolve(to)))
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** Links are followed as far as the path exists: one inside a root must not lead out of it. */
async function real(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await real(parent), path.slice(parent.length).replace(/^[/\\]+/, ''))
  }
}
