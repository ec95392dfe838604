import { EVENT_STREAM_TYPE } from './fan-out/event-message.js'
import { eventSink } from './fan-out/event-sink.js'
import { Subscription } from './fan-out/subscription.js'
import { readBody } from './http-body.js'
import type { HttpRequest, HttpResponse } from './http-endpoint.js'
import type { Kinesis } from './kinesis.js'
import { type Answer, answer, CONTENT_TYPE, errorAnswer } from './protocol.js'
import { MAX_BODY_BYTES } from './quotas.js'

/** From a request's head to the end of its answer. Never rejects. */
export async function respond(kinesis: Kinesis, request: HttpRequest, response: HttpResponse): Promise<void> {
  let result: Answer | Subscription
  try {
    const body = await readBody(request, MAX_BODY_BYTES)
    result = answer(kinesis, { method: request.method ?? '', headers: request.headers, body })
  } catch (thrown) {
    if (request.errored !== null) return
    result = errorAnswer(thrown)
  }
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
