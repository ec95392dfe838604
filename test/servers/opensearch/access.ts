import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** Who may call. Default: everybody. */
export interface OpenSearchAccess {
  readonly basic?: { readonly username: string; readonly password: string }
  /** Signatures of AWS, version 4. */
  readonly aws?: {
    readonly service: string
    readonly region: string
    readonly accessKeyId: string
    readonly secretAccessKey: string
  }
}

export interface Call {
  readonly method: string
  /** With the query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export function isAllowed(access: OpenSearchAccess, call: Call): boolean {
  const { authorization = '' } = call.headers
  if (access.basic) {
    const { username, password } = access.basic
    return isSame(authorization, `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`)
  }
  return access.aws === undefined || isSigned(access.aws, call, authorization)
}

/** As AWS describes it: "Create a signed AWS API request". */
function isSigned(aws: NonNullable<OpenSearchAccess['aws']>, call: Call, authorization: string): boolean {
  const parts = /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
    authorization,
  )
  const [, credential = '', signedHeaders = '', signature = ''] = parts ?? []
  const [keyId, day = '', region, service, end] = credential.split('/')
  if (keyId !== aws.accessKeyId || region !== aws.region || service !== aws.service || end !== 'aws4_request')
    return false
  const { headers, body } = call
  const contentHash = sha256(body)
  if (headers['x-amz-content-sha256'] !== contentHash) return false
  const [path = '/', query = ''] = call.url.split('?')
  const canonical = [
    call.method,
    path
      .split('/')
      .map((part) => encodeURIComponent(part))
      .join('/'),
    query
      .split('&')
      .filter((one) => one !== '')
      .map(canonicalParameter)
      .sort()
      .join('&'),
    ...signedHeaders.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim()}`),
    '',
    signedHeaders,
    contentHash,
  ].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${aws.secretAccessKey}`),
  )
  return isSame(signature, hmac(key, toSign).toString('hex'))
}

function canonicalParameter(parameter: string): string {
  const [name = '', value = ''] = parameter.split('=')
  const encoded = (text: string): string =>
    encodeURIComponent(decodeURIComponent(text)).replaceAll(
      /[!'()*]/g,
      (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  return `${encoded(name)}=${encoded(value)}`
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

function isSame(found: string, expected: string): boolean {
  const [a, b] = [Buffer.from(found), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
