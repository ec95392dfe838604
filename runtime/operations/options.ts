import { isIP } from 'node:net'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'

export interface OperationsOptions {
  /** 0 takes a free one. Default 7070. */
  readonly port?: number
  /** The address to listen at. Default 127.0.0.1. Anything that is not loopback needs a token. */
  readonly host?: string
  /**
   * At least 16 characters; asked of everyone who wants more than `/healthz` and `/readyz`. Take it from the environment
   * or a file.
   */
  readonly token?: string
  /** `without-token`: whoever reaches the port may stop the job. */
  readonly allowRemote?: 'without-token'
  /** Names, besides localhost and the host itself, under which browsers and clients may reach this server. */
  readonly allowedHosts?: readonly string[]
  /** Folders or `s3://` locations below which a request may put a savepoint. The place of the checkpoints always is one. */
  readonly savepointRoots?: readonly string[]
}

export interface ResolvedOperations {
  readonly port: number
  readonly host: string
  readonly token: string | undefined
  readonly isRemote: boolean
  readonly allowedHosts: ReadonlySet<string>
  readonly savepointRoots: readonly string[]
}

export const DEFAULT_OPERATIONS_PORT = 7070
const SHORTEST_TOKEN = 16
const WHERE = 'run: operations'

/** @throws TidemarkError OPTION_INVALID */
export function resolveOperations(options: OperationsOptions): ResolvedOperations {
  requireKnownOptions(WHERE, options, {
    port: true,
    host: true,
    token: true,
    allowRemote: true,
    allowedHosts: true,
    savepointRoots: true,
  })
  const { port = DEFAULT_OPERATIONS_PORT, host = '127.0.0.1', token, allowRemote } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw optionInvalid(WHERE, `port is a whole number from 0 to 65535, found ${String(port)}`)
  }
  if (host !== 'localhost' && isIP(host) === 0) {
    throw optionInvalid(WHERE, `host is an IP address or localhost, found '${host}'`)
  }
  if (token !== undefined && !isToken(token)) {
    // What it is stays out of the message.
    throw optionInvalid(WHERE, `token has at least ${SHORTEST_TOKEN} characters of ASCII, and no white space`)
  }
  if (allowRemote !== undefined && allowRemote !== 'without-token') {
    throw optionInvalid(WHERE, `allowRemote is 'without-token' or absent, found ${JSON.stringify(allowRemote)}`)
  }
  const isRemote = !isLoopback(host)
  if (isRemote && token === undefined && allowRemote === undefined) {
    throw optionInvalid(
      WHERE,
      `${host} can be reached from other machines: give a token, or say allowRemote: 'without-token' (--operations-without-token)`,
    )
  }
  return {
    port,
    host,
    token,
    isRemote,
    allowedHosts: new Set(
      ['localhost', host, ...texts('allowedHosts', options.allowedHosts)].map((name) => name.toLowerCase()),
    ),
    savepointRoots: texts('savepointRoots', options.savepointRoots),
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function isToken(token: unknown): boolean {
  return typeof token === 'string' && token.length >= SHORTEST_TOKEN && /^[\x21-\x7e]+$/.test(token)
}

function texts(name: string, values: readonly string[] = []): readonly string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'string' && value !== '')) return values
  throw optionInvalid(WHERE, `${name} is a list of texts`)
}
