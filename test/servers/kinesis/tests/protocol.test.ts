import { connect } from 'node:net'
import { ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { describe, expect, test } from 'vitest'
import type { LocalKinesis } from '../index.js'
import { createStream, put, start } from './fixture.js'

const HEADERS = {
  'content-type': 'application/x-amz-json-1.1',
  authorization: 'AWS4-HMAC-SHA256 Credential=local/20260105/us-east-1/kinesis/aws4_request, Signature=0',
}

interface Answer {
  readonly status: number
  readonly type: unknown
  readonly message: string
}

interface Raw {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** A call over raw HTTP. */
async function call(server: LocalKinesis, operation: string, raw: Raw = {}): Promise<Answer> {
  const response = await fetch(server.url, {
    method: raw.method ?? 'POST',
    headers: raw.headers ?? { ...HEADERS, 'x-amz-target': `Kinesis_20131202.${operation}` },
    ...(raw.method === 'GET' ? {} : { body: raw.body ?? '{}' }),
  })
  const body = JSON.parse(await response.text())
  expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1')
  expect(response.headers.get('x-amzn-requestid')).toMatch(/\w+/)
  if (response.status !== 200) expect(response.headers.get('x-amzn-errortype')).toBe(body.__type)
  return { status: response.status, type: body.__type, message: body.message }
}

describe('the protocol over raw HTTP', () => {
  test.each([
    ['no JSON', 'ListStreams', 'ceci', 'SerializationException'],
    ['an empty body', 'ListStreams', '', 'SerializationException'],
    ['a list', 'ListStreams', '[]', 'SerializationException'],
    ['null', 'ListStreams', 'null', 'SerializationException'],
    ['bytes that are no UTF-8', 'ListStreams', new Uint8Array([0xff, 0xfe, 0x00]), 'SerializationException'],
    ['deep nesting', 'ListStreams', '['.repeat(200_000), 'SerializationException'],
    ['a number for a name', 'DescribeStream', '{"StreamName":5}', 'SerializationException'],
    ['a text for a number', 'ListStreams', '{"Limit":"5"}', 'SerializationException'],
    ['a text for a list', 'PutRecords', '{"StreamName":"s","Records":"x"}', 'SerializationException'],
    ['a text for a record', 'PutRecords', '{"StreamName":"s","Records":["x"]}', 'SerializationException'],
    ['a structure for data', 'PutRecord', '{"StreamName":"s","PartitionKey":"k","Data":{}}', 'SerializationException'],
    ['bad base64', 'PutRecord', '{"StreamName":"s","PartitionKey":"k","Data":"a*=="}', 'SerializationException'],
    ['cut base64', 'PutRecord', '{"StreamName":"s","PartitionKey":"k","Data":"abc"}', 'SerializationException'],
    ['URL base64', 'PutRecord', '{"StreamName":"s","PartitionKey":"k","Data":"-_-_"}', 'SerializationException'],
    ['no data', 'PutRecord', '{"StreamName":"s","PartitionKey":"k"}', 'ValidationException'],
    ['no partition key', 'PutRecord', '{"StreamName":"s","Data":""}', 'ValidationException'],
    ['no iterator', 'GetRecords', '{}', 'ValidationException'],
    ['no stream', 'ListShards', '{}', 'InvalidArgumentException'],
    ['the name of a prototype', 'DescribeStream', '{"__proto__":{"StreamName":"s"}}', 'InvalidArgumentException'],
    ['an unknown operation', 'MakeCoffee', '{}', 'UnknownOperationException'],
    ['an operation named as a method', 'constructor', '{}', 'UnknownOperationException'],
  ])('%s gets a proper error, and the server lives on', async (_, operation, body, type) => {
    const { server, client } = await start()
    expect(await call(server, operation, { body })).toMatchObject({ status: 400, type, message: expect.any(String) })
    expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual([])
  })

  test('headers that are not of this protocol get a proper error', async () => {
    const { server } = await start()
    const target = 'Kinesis_20131202.ListStreams'
    const { authorization } = HEADERS
    const type = HEADERS['content-type']
    const cases = [
      [{ 'content-type': type, authorization }, 400, 'UnknownOperationException'],
      [
        { 'content-type': type, authorization, 'x-amz-target': 'DynamoDB.ListStreams' },
        400,
        'UnknownOperationException',
      ],
      [{ 'content-type': 'text/plain', authorization, 'x-amz-target': target }, 400, 'UnknownOperationException'],
      [{ 'content-type': type, 'x-amz-target': target }, 400, 'MissingAuthenticationTokenException'],
    ] as const
    for (const [headers, status, error] of cases) {
      expect(await call(server, '', { headers })).toMatchObject({ status, type: error })
    }
    const cbor = { 'content-type': 'application/x-amz-cbor-1.1', authorization, 'x-amz-target': target }
    expect((await call(server, '', { headers: cbor })).message).toContain('switch it to JSON')
    expect(await call(server, '', { method: 'GET' })).toMatchObject({ status: 403, type: 'AccessDeniedException' })
  })

  test('a body beyond 10 MiB is answered with 413', async () => {
    const { server } = await start()
    const answer = await call(server, 'PutRecords', { body: new Uint8Array(10 * 1024 * 1024 + 1).fill(0x20) })
    expect(answer).toMatchObject({ status: 413, type: 'RequestEntityTooLargeException' })
    expect(await call(server, 'ListStreams', { body: `{}${' '.repeat(10 * 1024 * 1024 - 2)}` })).toMatchObject({
      status: 200,
    })
  })

  test('a client that goes away in the middle of a body does no harm', async () => {
    const { server, client } = await start()
    const lines = ['POST / HTTP/1.1', 'Host: local', 'Content-Length: 1000', '', '{"half":']
    const socket = connect(server.port, server.host)
    await new Promise((resolve) => socket.write(lines.join('\r\n'), resolve))
    socket.resetAndDestroy()
    await createStream(client, 'taxi', 1)
    expect(await put(client, 'taxi', ['a'])).toHaveLength(1)
  })

  test('what is not HTTP is answered with 400 and hung up', async () => {
    const { server, client } = await start()
    const socket = connect(server.port, server.host)
    const reply = new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('close', () => resolve(text))
    })
    socket.write('\x16\x03\x01 not HTTP\r\n\r\n')
    expect(await reply).toContain('400 Bad Request')
    expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual([])
  })
})
