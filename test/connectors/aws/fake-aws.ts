import { createServer, type IncomingMessage } from 'node:http'
import { onTestFinished, vi } from 'vitest'
import { listening } from '../../setup/listening.js'

export interface FakeAws {
  readonly url: string
  /** Of each call of Kinesis: the access key and the region that it was signed with, and its session token. */
  readonly signed: { readonly key: string; readonly region: string; readonly token: string | undefined }[]
  /** Calls of STS, with the key that signed them. */
  readonly roles: { readonly parameters: URLSearchParams; readonly key: string | undefined }[]
  /** Authorization headers of requests for the credentials of a container. */
  readonly containers: (string | undefined)[]
}

export interface FakeAwsOptions {
  /** How long credentials that are handed out last. Default an hour; below five minutes the SDK renews them each time. */
  readonly lifeMs?: number
  /** Whether the role may not be taken on. */
  readonly deniesRoles?: boolean
}

/**
 * What a client meets in AWS, on this machine: a Kinesis that notes who signed its calls, an STS, and the endpoint that
 * a container of ECS or EKS gets its credentials from. Keys are numbered: ROLE1, ROLE2, CONTAINER1.
 */
export async function startFakeAws({ lifeMs = 3_600_000, deniesRoles = false }: FakeAwsOptions = {}): Promise<FakeAws> {
  const signed: FakeAws['signed'] = []
  const roles: FakeAws['roles'] = []
  const containers: FakeAws['containers'] = []
  const expiration = () => new Date(Date.now() + lifeMs).toISOString()
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const { authorization } = request.headers
    if (request.method === 'GET') {
      containers.push(authorization)
      response.setHeader('content-type', 'application/json')
      const AccessKeyId = `CONTAINER${containers.length}`
      response.end(JSON.stringify({ AccessKeyId, SecretAccessKey: 's', Token: 't', Expiration: expiration() }))
      return
    }
    const [key, , region] = scopeOf(authorization)
    if (request.headers['x-amz-target'] === undefined) {
      roles.push({ parameters: new URLSearchParams(body), key })
      response.setHeader('content-type', 'text/xml')
      if (deniesRoles) response.statusCode = 403
      const action = new URLSearchParams(body).get('Action') ?? ''
      response.end(deniesRoles ? DENIED : credentialsXml(action, `ROLE${roles.length}`, expiration()))
      return
    }
    signed.push({ key: key ?? '', region: region ?? '', token: request.headers['x-amz-security-token'] as string })
    response.setHeader('content-type', 'application/x-amz-json-1.1')
    response.end(JSON.stringify({ Shards: [] }))
  })
  return { url: await listening(server), signed, roles, containers }
}

/** Nothing of the machine's own credentials, and none over the network. */
export function bareEnvironment(more: Readonly<Record<string, string>> = {}): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined)
  const bare = { AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/none', AWS_SHARED_CREDENTIALS_FILE: '/none' }
  for (const [name, value] of Object.entries({ ...bare, ...more })) vi.stubEnv(name, value)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Key, day, region and service of a signature. */
function scopeOf(authorization = ''): string[] {
  return (/Credential=([^,]+)/.exec(authorization)?.[1] ?? '').split('/')
}

const DENIED =
  '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>' +
  '<Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>'

function credentialsXml(action: string, key: string, expiration: string): string {
  const credentials =
    `<Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>` +
    `<SessionToken>token of ${key}</SessionToken><Expiration>${expiration}</Expiration></Credentials>`
  return `<${action}Response><${action}Result>${credentials}</${action}Result></${action}Response>`
}
