import { type Random, sleep } from '../../../core/environment.js'
import type { Directory } from './durable/directory.js'
import { EVENT_STREAM_TYPE } from './fan-out/event-message.js'
import { eventSink, reset } from './fan-out/event-sink.js'
import { Subscription } from './fan-out/subscription.js'
import { errorOfFault, recordErrors } from './fault-answers.js'
import type { KinesisFault, KinesisFaultPlan, KinesisRequest } from './faults.js'
import { readBody } from './http-body.js'
import type { HttpRequest, HttpResponse } from './http-endpoint.js'
import type { Kinesis } from './kinesis.js'
import { type Answer, CONTENT_TYPE, errorAnswer, execute, type ParsedCall, parseCall } from './protocol.js'
import { MAX_BODY_BYTES } from './quotas.js'
import { requestOf } from './request-of.js'

type Reply = Answer | Subscription

export interface Service {
  readonly kinesis: Kinesis
  readonly directory: Directory | undefined
  readonly faults: KinesisFaultPlan
  readonly random: Random
  readonly latencyMs: number | ((request: KinesisRequest) => number)
  /** Aborted when the server closes: calls that wait are then never applied. */
  readonly closed: AbortSignal
}

/** From a request's head to the end of its answer, with whatever is to go wrong on the way. Never rejects. */
export async function respond(service: Service, request: HttpRequest, response: HttpResponse): Promise<void> {
  const { kinesis } = service
  try {
    const body = await readBody(request, MAX_BODY_BYTES)
    const call = parseCall({ method: request.method ?? '', headers: request.headers, body })
    // Nearly all servers have neither, and what a call is about costs time.
    if (service.faults.isEmpty && service.latencyMs === 0)
      return await reply(kinesis, await apply(kinesis, call), response)
    await respondFaultily(service, call, response)
  } catch (thrown) {
    if (request.errored !== null || service.closed.aborted) return
    send(kinesis, errorAnswer(thrown), response)
  }
}

async function respondFaultily(service: Service, call: ParsedCall, response: HttpResponse): Promise<void> {
  const { kinesis, latencyMs, random } = service
  const about = requestOf(kinesis, call.operation, call.request)
  const fault = service.faults.next(about)
  if (fault?.kind === 'resetBefore') return reset(response)
  await pause(service, (typeof latencyMs === 'number' ? latencyMs : latencyMs(about)) + slowness(fault, 'before'))
  const error = fault && errorOfFault(fault, call.operation)
  if (error !== undefined) return send(kinesis, errorAnswer(error), response)
  const failsRecord = fault?.kind === 'failedRecords' ? recordErrors(fault, random) : undefined
  const result = await apply(failsRecord === undefined ? kinesis : { ...kinesis, failsRecord }, call)
  if (fault?.kind === 'breakSubscription' && result instanceof Subscription) result.breakAfter(fault)
  await pause(service, slowness(fault, 'after'))
  if (fault?.kind === 'replyLost') {
    if (result instanceof Subscription) result.drop()
    return reset(response)
  }
  await reply(kinesis, result, response)
}

/** What was changed is written before anyone else can see it, and safe before the reply. */
function apply(kinesis: Kinesis, call: ParsedCall): Reply | Promise<Reply> {
  const result = execute(kinesis, call)
  return kinesis.commit === undefined ? result : kinesis.commit().then(() => result, errorAnswer)
}

function slowness(fault: KinesisFault | undefined, when: 'before' | 'after'): number {
  return fault?.kind === 'slow' && (fault.when ?? 'before') === when ? fault.ms : 0
}

async function pause({ kinesis, closed }: Service, ms: number): Promise<void> {
  if (ms > 0) await sleep(kinesis.environment, ms, closed)
}

async function reply(kinesis: Kinesis, result: Reply, response: HttpResponse): Promise<void> {
  if (result instanceof Subscription) await stream(kinesis, result, response)
  else send(kinesis, result, response)
}

function send(kinesis: Kinesis, result: Answer, response: HttpResponse): void {
  const bytes = Buffer.from(result.body)
  response.writeHead(result.status, {
    'content-type': CONTENT_TYPE,
    'content-length': bytes.length,
    'x-amzn-requestid': kinesis.environment.nonce(),
    ...(result.errorType === undefined ? {} : { 'x-amzn-errortype': result.errorType }),
  })
  response.end(bytes)
}

function stream(kinesis: Kinesis, subscription: Subscription, response: HttpResponse): Promise<void> {
  response.writeHead(200, {
    'content-type': EVENT_STREAM_TYPE,
    'x-amzn-requestid': kinesis.environment.nonce(),
  })
  return subscription.run(eventSink(response))
}
