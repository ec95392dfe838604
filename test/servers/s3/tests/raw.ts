import { once } from 'node:events'
import { request } from 'node:http'
import type { LocalS3 } from '../index.js'

export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface RawAnswer {
  readonly status: number | undefined
  /** Of an error; empty if it is none. */
  readonly code: string
  readonly body: string
}

export function authorization({ credentials, region }: Pick<LocalS3, 'credentials' | 'region'>): string {
  const scope = `${credentials.accessKeyId}/20300101/${region}/s3/aws4_request`
  return `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`
}

/** A request as the SDK would never send it. */
export async function send(server: LocalS3, { method, path, headers = {}, body = '' }: RawRequest): Promise<RawAnswer> {
  const outgoing = request({
    host: server.host,
    port: server.port,
    method,
    path,
    headers: { authorization: authorization(server), 'content-length': Buffer.byteLength(body), ...headers },
  })
  outgoing.end(body)
  const [response] = await once(outgoing, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, code: /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '', body: text }
}
