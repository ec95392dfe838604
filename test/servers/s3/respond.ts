import type { IncomingMessage, ServerResponse } from 'node:http'
import { sleep } from '../../../core/environment.js'
import { messageOf } from '../../../core/errors.js'
import { checkPermission, type LocalS3Credentials, permissionsOf } from './access.js'
import type { S3Fault, S3FaultPlan, S3Request } from './faults.js'
import { readBody } from './http-body.js'
import { operations } from './operations/index.js'
import type { OperationName } from './operations/names.js'
import type { Answer, S3 } from './s3.js'
import { S3Error } from './s3-error.js'
import type { Traffic } from './stats.js'
import { type Address, addressOf } from './wire/address.js'
import { httpTime } from './wire/fields.js'
import { payloadOf } from './wire/payload.js'
import { operationOf } from './wire/route.js'
import { checkSupported } from './wire/supported.js'
import { toXml } from './wire/xml.js'

export interface Service {
  readonly s3: S3
  /** Absent: every access key may do everything. */
  readonly credentials: readonly LocalS3Credentials[] | undefined
  readonly domains: readonly string[]
  readonly faults: S3FaultPlan
  readonly traffic: Traffic
  readonly latencyMs: (request: S3Request) => number
  /** Aborted when the server closes: requests that wait are then never applied. */
  readonly closed: AbortSignal
}

/** Room for the coding of `aws-chunked`, whose chunks are of 8 KiB or more but for the last. */
const CODING_OVERHEAD = 1.05
const SMALLEST_BODY_LIMIT = 1024 * 1024

/** From a request's head to its answer, with whatever is to go wrong on the way. Never rejects. */
export async function respond(service: Service, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { traffic, closed } = service
  const head = headOf(service, request)
  traffic.request(head.operation)
  const inFlight = service.s3.store.writes.begin(head.address.bucket, head.address.key)
  try {
    const raw = await readBody(request, service.s3.store.maxBytes * CODING_OVERHEAD + SMALLEST_BODY_LIMIT)
    traffic.bytesIn += raw.length
    const { operation, address } = head
    const about: S3Request = { operation, bucket: address.bucket, key: address.key }
    const fault = head.failure === undefined ? service.faults.next(about) : undefined
    if (fault?.kind === 'resetBefore') return void request.socket.destroy()
    await pause(service, service.latencyMs(about) + slowness(fault, 'before'))
    const answer =
      answerInstead(fault) ??
      attempt(() => execute(service, head, { request, raw, overtakenByDelete: inFlight.overtakenByDelete }))
    await pause(service, slowness(fault, 'after'))
    if (fault?.kind === 'replyLost') return void request.socket.destroy()
    send(service, { request, response, answer, fault })
  } catch (thrown) {
    if (closed.aborted || request.socket.destroyed) return void request.socket.destroy()
    send(service, { request, response, answer: errorAnswer(thrown), fault: undefined })
  } finally {
    inFlight.end()
  }
}

interface Head {
  readonly operation: OperationName
  readonly address: Address
  /** What is wrong with the address. */
  readonly failure: unknown
}

function headOf({ domains }: Service, request: IncomingMessage): Head {
  try {
    const address = addressOf(request.url ?? '', request.headers.host, domains)
    return { operation: operationOf(request.method ?? '', address, request.headers), address, failure: undefined }
  } catch (failure) {
    return { operation: 'Unknown', address: { bucket: '', key: '', query: new URLSearchParams() }, failure }
  }
}

interface Received {
  readonly request: IncomingMessage
  readonly raw: Buffer
  readonly overtakenByDelete: boolean
}

function execute({ s3, credentials }: Service, head: Head, { request, raw, overtakenByDelete }: Received): Answer {
  if (head.failure !== undefined) throw head.failure
  const { headers } = request
  const { operation, address } = head
  const may = permissionsOf(credentials, headers, address.query)
  checkPermission(may, operation, address)
  checkSupported(operation, headers)
  const { body, checksum } = payloadOf(operation, raw, headers)
  return operations[operation](s3, { operation, ...address, headers, body, checksum, overtakenByDelete, may })
}

function attempt(execute: () => Answer): Answer {
  try {
    return execute()
  } catch (thrown) {
    return errorAnswer(thrown)
  }
}

function errorAnswer(thrown: unknown): ErrorAnswer {
  const { code, status, message, details } =
    thrown instanceof S3Error ? thrown : new S3Error('InternalError', messageOf(thrown))
  return errorOf({ status, code, message, details })
}

interface ErrorAnswer extends Answer {
  readonly code: string
}

interface WireError {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly details?: Readonly<Record<string, string>>
}

function errorOf({ status, code, message, details = {} }: WireError): ErrorAnswer {
  return {
    status,
    code,
    headers: { 'content-type': 'application/xml' },
    body: toXml('Error', { Code: code, Message: message, ...details }),
  }
}

function answerInstead(fault: S3Fault | undefined): Answer | undefined {
  switch (fault?.kind) {
    case 'slowDown':
      return errorAnswer(new S3Error('SlowDown'))
    case 'internalError':
      return errorAnswer(new S3Error('InternalError'))
    case 'accessDenied':
      return errorAnswer(new S3Error('AccessDenied'))
    case 'error':
      return errorOf({ status: fault.status, code: fault.code, message: fault.message ?? fault.code })
    case 'errorInBody': {
      const message = fault.message ?? new S3Error('InternalError').message
      return errorOf({ status: 200, code: fault.code ?? 'InternalError', message })
    }
    default:
      return undefined
  }
}

function slowness(fault: S3Fault | undefined, when: 'before' | 'after'): number {
  return fault?.kind === 'slow' && (fault.when ?? 'before') === when ? fault.ms : 0
}

async function pause({ s3, closed }: Service, ms: number): Promise<void> {
  if (ms > 0) await sleep(s3.environment, ms, closed)
}

interface Sending {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly answer: Answer | ErrorAnswer
  readonly fault: S3Fault | undefined
}

function send({ s3, traffic }: Service, { request, response, answer, fault }: Sending): void {
  if ('code' in answer) traffic.error(answer.code)
  const isHead = request.method === 'HEAD'
  const whole = Buffer.from(answer.body ?? '')
  const body = fault?.kind === 'corrupted' ? withWrongBit(whole) : whole
  const hasBody = answer.status !== 204 && answer.status !== 304
  response.sendDate = false
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(hasBody ? { 'content-length': isHead && answer.status >= 400 ? 0 : body.length } : {}),
    date: httpTime(s3.environment.clock.now()),
    server: 'tidemark-local-s3',
    'x-amz-request-id': s3.environment.nonce(),
  })
  if (isHead || !hasBody) return void response.end()
  if (fault?.kind !== 'truncated') {
    traffic.bytesOut += body.length
    return void response.end(body)
  }
  const part = body.subarray(0, Math.min(fault.bytes ?? Math.floor(body.length / 2), body.length))
  traffic.bytesOut += part.length
  response.write(part, () => request.socket.destroy())
}

function withWrongBit(body: Buffer): Buffer {
  const copy = Buffer.from(body)
  const middle = copy.length >>> 1
  const byte = copy[middle]
  if (byte !== undefined) copy[middle] = byte ^ 1
  return copy
}
