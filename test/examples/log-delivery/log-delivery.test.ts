import { run } from 'tidemark/run'
import { malformed, testJob } from 'tidemark/testing'
import { describe, expect, it } from 'vitest'
import {
  delivered,
  type Format,
  type Input,
  logEvents,
  undecodable,
} from '../../../examples/log-delivery/connectors.js'
import { type DeliveredLine, logDeliveryJob } from '../../../examples/log-delivery/job.js'
import { madeUpLines, recordsOf } from '../../../examples/log-delivery/made-up.js'
import { parseOptions } from '../../../examples/log-delivery/options.js'
import { SEED } from '../../golden/taxi/seeded.js'
import { deliveryIn, localServers, TO } from './delivery.js'
import { expectedDelivery } from './expected.js'

const line = {
  host: '10.0.0.7',
  user: undefined,
  at: Date.UTC(2024, 0, 1),
  request: 'GET /search?q=secret HTTP/1.1',
  status: 200,
  bytes: 12,
  referer: undefined,
  userAgent: undefined,
}

const jobTo = (input: Input, bucket: Parameters<typeof delivered>[0], endpoint = 'http://127.0.0.1:1') =>
  logDeliveryJob({
    events: logEvents({ stream: 'logs', endpoint, input, endAtTip: true }),
    delivered: delivered(bucket),
    undecodable: undecodable(bucket),
  })

describe('a line', () => {
  it('loses its query and the last part of its address; health checks are left out', async () => {
    const bucket = { to: TO, endpoint: 'http://127.0.0.1:1', credentials: undefined, format: 'jsonl' } as const
    const health = { ...line, request: 'GET /health HTTP/1.1' }
    const six = { ...line, host: '2001:db8::7' }
    const test = await testJob(jobTo('apache', bucket), {
      sources: { 'log-events': [line, health, six, malformed('oh no')] },
    })
    await test.finish()
    const { at, status, bytes } = line
    const row = { at, service: 'direct', network: '10.0.0', method: 'GET', path: '/search', status, bytes }
    expect(test.results<DeliveredLine>('delivered')).toEqual([row, { ...row, network: '2001:db8:' }])
    expect(test.results('undecodable')).toMatchObject([{ code: 'RECORD_MALFORMED' }])
  })
})

describe(`made-up lines (seed ${SEED})`, () => {
  it.each<[Input, Format, string]>([
    ['cloudwatch', 'jsonl', '.jsonl.gz'],
    ['apache', 'parquet', '.parquet'],
  ])(
    'of %s are in the bucket as %s, each once and in its folder, and what is wrong below errors/',
    async (input, format, extension) => {
      const { kinesis, s3, put } = await localServers()
      const lines = madeUpLines({ lines: 3000, seed: SEED })
      await put(recordsOf(lines, input))
      const bucket = { to: TO, endpoint: s3.endpoint, credentials: s3.credentials, format }
      const handle = await run(jobTo(input, bucket, kinesis.url), { parallelism: 2 })
      expect(await handle.result).toMatchObject({ status: 'finished' })
      const { keys, delivery } = await deliveryIn(s3)
      const options = { takesAllNumbers: format === 'jsonl', withService: input === 'cloudwatch' }
      expect(delivery).toEqual(expectedDelivery(lines, options))
      expect(keys.filter((key) => !key.endsWith(extension))).toEqual([])
    },
  )
})

describe('options that do not go together', () => {
  it.each([
    [['--no-produce'], '--no-produce needs --kinesis'],
    [['--s3-endpoint', 'http://127.0.0.1:1'], '--s3-endpoint needs --s3'],
    [['--checkpoints', 'state'], '--checkpoints needs --kinesis and --s3'],
  ])('%j: %s', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(message)
  })
})
