import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import { isLoopback, type ResolvedOperations } from './options.js'
import { refuse } from './refusal.js'

/** Nothing of this server is to be framed, sniffed, cached, or to load anything. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** Probes of a platform: they come under the address of a container, know no token, and learn one word. */
const OPEN = new Set(['/healthz', '/readyz'])

export function withHeaders(): MiddlewareHandler {
  return async (context, next) => {
    await next()
    for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value)
  }
}

/**
 * Who may ask. The allow-list of hosts stops a foreign page whose name was rebound to this address; the check of the
 * origin, and the JSON type that a form cannot send, stop one that sends requests across origins.
 */
export function gate(options: ResolvedOperations): MiddlewareHandler {
  const isTokenRight = options.token === undefined ? undefined : tokenCheck(options.token)
  return async (context, next) => {
    if (!OPEN.has(context.req.path) && !isHostAllowed(context.req.header('host'), options)) {
      return refuse(context, {
        status: 403,
        code: 'HOST_NOT_ALLOWED',
        message: 'this server does not answer under that name; allow it with --operations-allow-host NAME',
      })
    }
    if (!isOriginAllowed(context)) {
      return refuse(context, {
        status: 403,
        code: 'ORIGIN_NOT_ALLOWED',
        message: 'requests from pages of another origin are refused',
      })
    }
    if (isTokenRight && !OPEN.has(context.req.path) && !isTokenRight(context.req.header('authorization'))) {
      context.header('www-authenticate', 'Bearer')
      return refuse(context, {
        status: 401,
        code: 'TOKEN_REQUIRED',
        message: 'the header Authorization: Bearer TOKEN is missing or wrong',
      })
    }
    return next()
  }
}

export function isHostAllowed(header: string | undefined, options: ResolvedOperations): boolean {
  const name = hostnameOf(header)
  if (name === undefined) return false
  if (options.allowedHosts.has(name) || isLoopback(name)) return true
  // Rebinding needs a name: a server that other machines may reach is asked under whatever address it has.
  return options.isRemote && isIP(name) !== 0
}

function isOriginAllowed(context: Context): boolean {
  const origin = context.req.header('origin')
  if (origin === undefined) return true
  const host = context.req.header('host')
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)
}

/** Without the port; an IPv6 address without its brackets. */
function hostnameOf(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? '')
  return (match?.[1] ?? match?.[2])?.toLowerCase()
}

/** Compares digests: equally long, so that the time it takes tells nothing, the length of the token included. */
function tokenCheck(token: string): (header: string | undefined) => boolean {
  const expected = digest(token)
  return (header) => {
    const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? ''
    return timingSafeEqual(digest(given), expected)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
