import { createHmac, timingSafeEqual } from 'node:crypto'
import { isJsonObject, type JsonObject } from './request.js'

/** What a token says: kept with the client, so the server remembers nothing about who reads. */
export interface OpenedToken {
  readonly issuedAtMs: number
  readonly claims: JsonObject
}

const MAC_BYTES = 16

/**
 * Opaque tokens for iterators and pages: base64 of an HMAC and what it covers. A token of another server, of another kind,
 * or one that was changed does not open.
 */
export class TokenSealer {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  seal(kind: string, issuedAtMs: number, claims: JsonObject): string {
    const body = Buffer.from(JSON.stringify({ ...claims, issuedAtMs }))
    return Buffer.concat([this.#mac(kind, body), body]).toString('base64')
  }

  open(kind: string, token: string): OpenedToken | undefined {
    const bytes = Buffer.from(token, 'base64')
    if (bytes.length <= MAC_BYTES || bytes.toString('base64') !== token) return undefined
    const body = bytes.subarray(MAC_BYTES)
    if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.#mac(kind, body))) return undefined
    const claims: unknown = JSON.parse(body.toString())
    if (!isJsonObject(claims)) return undefined
    const { issuedAtMs } = claims
    return typeof issuedAtMs === 'number' ? { issuedAtMs, claims } : undefined
  }

  #mac(kind: string, body: Buffer): Buffer {
    return createHmac('sha256', this.#secret).update(kind).update('\0').update(body).digest().subarray(0, MAC_BYTES)
  }
}
