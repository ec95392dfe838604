import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openSearch } from '../../../connectors/opensearch/index.js'
import { documentsIn, hurriedEnvironment, openWriter, type Row, rowSink, rowsOf, startServer } from './fixture.js'

const pem = (name: string): string => readFileSync(new URL(`./tls/${name}.pem`, import.meta.url), 'utf8')

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

test('a user and a password open the server, others are told what is missing', async () => {
  const basic = { username: 'job', password: 'secret é' }
  const { url } = await startServer({ access: { basic } })
  const { writer } = await openWriter(rowSink(url, { auth: basic }))
  await writer.prepareCommit(1)
  for (const auth of [undefined, { ...basic, password: 'wrong' }]) {
    const opening = openWriter(rowSink(url, auth === undefined ? {} : { auth }))
    await expect(opening).rejects.toMatchObject({
      code: 'OPENSEARCH_ACCESS_DENIED',
      message: expect.stringContaining('give auth or aws'),
    })
  }
})

test.each(['es', 'aoss'] as const)('requests are signed as AWS wants it: %s', async (service) => {
  const { url, requests } = await startServer({ access: { aws: { service, region: 'eu-west-1', ...KEYS } } })
  const aws = { service, region: 'eu-west-1', credentials: KEYS }
  const templates = [{ name: 'rows', body: { index_patterns: ['rows*'] } }]
  const { writeThrough } = await openWriter(rowSink(url, { aws, templates }))
  await writeThrough(rowsOf(30))
  // OpenSearch Serverless has no root to ask.
  const asked = service === 'es' && { info: 1, indexExists: 1, clusterSettings: 1 }
  expect(requests()).toEqual({ template: 1, bulk: 1, ...asked })
  const wrong = { ...aws, credentials: async () => ({ ...KEYS, secretAccessKey: 'another' }) }
  const opening = openWriter(rowSink(url, { aws: wrong, templates }))
  await expect(opening).rejects.toMatchObject({ code: 'OPENSEARCH_ACCESS_DENIED' })
})

test('a certificate that is not known is refused, one that is given is trusted', async () => {
  const { url } = await startServer({ tls: { key: pem('key'), cert: pem('certificate') } })
  const environment = hurriedEnvironment(100)
  const unknown = openWriter(rowSink(url, { auth: { username: 'job', password: 'x' } }), { environment })
  await expect(unknown).rejects.toMatchObject({ code: 'OPENSEARCH_UNAVAILABLE', message: /self-signed certificate/ })
  const { writeThrough } = await openWriter(rowSink(url, { tls: { ca: pem('certificate') } }))
  await writeThrough(rowsOf(3))
})

test('a client of the user is used as it is, and left open', async () => {
  const { url } = await startServer()
  const { Client } = await import('@opensearch-project/opensearch')
  const client = new Client({ node: url, maxRetries: 0 })
  const sink = openSearch<Row>({ client, index: 'rows', id: ({ id }) => id })
  const { writer, writeThrough } = await openWriter(sink)
  await writeThrough(rowsOf(3))
  await writer.close()
  expect((await client.count({ index: 'rows' }).catch(() => undefined))?.statusCode).toBe(200)
  await client.close()
  expect((await documentsIn(url, 'rows')).size).toBe(3)
})

test('what is missing is named before the first row: no server, another server, a template that is refused', async () => {
  const gone = await startServer()
  await gone.close()
  const environment = hurriedEnvironment(100)
  await expect(openWriter(rowSink(gone.url), { environment })).rejects.toMatchObject({
    code: 'OPENSEARCH_UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining(gone.url),
  })
  const { url, faults } = await startServer()
  const templates = [
    { name: 'bad', body: { index_patterns: ['x*'], template: { mappings: { properties: { a: { type: 'nope' } } } } } },
  ]
  await expect(openWriter(rowSink(url, { templates }))).rejects.toMatchObject({
    code: 'OPENSEARCH_TEMPLATE_REFUSED',
    message: expect.stringContaining('No handler for type [nope] declared on field [a]'),
  })
  faults.add({ operation: 'info', fault: { kind: 'notJson' } })
  await expect(openWriter(rowSink(url))).rejects.toMatchObject({ code: 'OPENSEARCH_VERSION' })
  await expect(openWriter(rowSink(url, { preflight: false }))).resolves.toBeDefined()
})

test('the subtasks of a sink share one client and one preflight; the next generation opens its own', async () => {
  const { url, requests } = await startServer()
  const sink = rowSink(url)
  const first = await Promise.all([openWriter(sink), openWriter(sink)])
  expect(requests()).toEqual({ info: 1, indexExists: 1, clusterSettings: 1 })
  await Promise.all(first.map(({ writer }) => writer.close()))
  const next = await openWriter(sink)
  expect(requests()).toMatchObject({ info: 2 })
  await next.writeThrough(rowsOf(5))
})
