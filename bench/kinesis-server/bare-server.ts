import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface BareServer {
  readonly url: string
}

/**
 * The least that a server of this protocol can do: it parses each PutRecords and forgets it, and answers each GetRecords with
 * the same page. No streams, no order, no checks.
 */
export function startBareServer(recordBytes: number, pageRecords: number): Promise<BareServer> {
  const SequenceNumber = '4'.repeat(56)
  const record = {
    SequenceNumber,
    ApproximateArrivalTimestamp: 1_700_000_000.123,
    Data: Buffer.alloc(recordBytes, 'x').toString('base64'),
    PartitionKey: 'key-123456',
    EncryptionType: 'NONE',
  }
  const page = JSON.stringify({
    Records: Array.from({ length: pageRecords }, () => record),
    NextShardIterator: 'next',
    MillisBehindLatest: 1,
  })
  const answer = (target: string, body: string): string => {
    if (target.endsWith('.GetRecords')) return page
    if (target.endsWith('.GetShardIterator')) return '{"ShardIterator":"first"}'
    if (!target.endsWith('.PutRecords')) return '{}'
    const { Records } = JSON.parse(body) as { Records: readonly { Data: string }[] }
    const results = Records.map(({ Data }) => {
      Buffer.from(Data, 'base64')
      return { ShardId: 'shardId-000000000000', SequenceNumber }
    })
    return JSON.stringify({ FailedRecordCount: 0, Records: results })
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = answer(String(request.headers['x-amz-target']), Buffer.concat(chunks).toString())
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      response.end(text)
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }) // a TCP server has no other kind
    })
  })
}
