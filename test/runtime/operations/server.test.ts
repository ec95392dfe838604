import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TidemarkError } from '../../../core/errors.js'
import type { OperationsServer } from '../../../runtime/operations/server.js'
import { ask, Job, JSON_TYPE, post, serve } from './fixture.js'

let job: Job
let server: OperationsServer
let url: string

beforeEach(async () => {
  job = new Job()
  server = await serve(job)
  url = server.url
})

afterEach(() => server.close())

const refused = (status: number, code: string) => ({
  status,
  json: { error: { code, message: expect.any(String) } },
})

describe('what the operations server answers', () => {
  it('says that the process lives, and whether the job runs', async () => {
    expect(await ask(url, '/healthz')).toMatchObject({ status: 200, json: { status: 'alive' } })
    expect(await ask(url, '/readyz')).toMatchObject({ status: 200, json: { status: 'running' } })
    job.status = 'starting'
    expect(await ask(url, '/readyz')).toMatchObject({ status: 503, json: { status: 'starting' } })
    expect(await ask(url, '/healthz')).toMatchObject({ status: 200 })
  })

  it('shows the job, with the secrets of a failure hidden', async () => {
    const { status, json } = await ask(url, '/api/v1/job')
    expect(status).toBe(200)
    expect(json).toMatchObject({
      job: 'taxi',
      status: 'running',
      generation: 2,
      restarts: 1,
      fingerprint: 'abc',
      location: '/state/taxi',
      parallelism: 2,
      maxParallelism: 128,
      checkpoints: { completed: 3, failed: 1, last: { id: 4, bytes: 100, durationMs: 7 } },
      operators: [{ id: 'in', recordsIn: 5, watermark: null, counters: { malformedRecords: 1 } }],
      failure: { code: 'STORAGE_FAILED', message: 's3://[redacted]@bucket failed' },
    })
  })

  it('takes a savepoint, in its own place or below a root', async () => {
    expect(await post(url, '/api/v1/savepoints', {})).toMatchObject({
      status: 201,
      json: { location: '/state/taxi/savepoints/1', id: 1, bytes: 1000, durationMs: 12 },
    })
    const to = '/state/taxi/before-upgrade'
    expect(await post(url, '/api/v1/savepoints', { to })).toMatchObject({ status: 201, json: { location: to } })
    expect(job.asked).toEqual([{}, { to }])
  })

  it('stops the job and answers when it has ended', async () => {
    const answer = post(url, '/api/v1/stop', { drain: 'atTip', savepoint: true })
    await expect.poll(() => job.asked).toEqual([{ drain: 'atTip', savepoint: true }])
    const savepoint = { location: '/x', id: 9, bytes: 1, durationMs: 2 }
    job.finish({ status: 'finished', savepoint })
    expect(await answer).toMatchObject({ status: 200, json: { status: 'finished', savepoint } })
  })

  it('stops the job and answers at once when nobody wants to wait', async () => {
    expect(await post(url, '/api/v1/stop', { wait: false })).toMatchObject({
      status: 202,
      json: { status: 'stopping' },
    })
    expect(job.asked).toEqual([{ drain: false }])
  })

  it('gives an answer that is on its way before it closes, and does not listen any more', async () => {
    const answer = post(url, '/api/v1/stop', {})
    await expect.poll(() => job.asked.length).toBe(1)
    const closed = server.close()
    job.finish({ status: 'stopped' })
    expect(await answer).toMatchObject({ status: 200, json: { status: 'stopped' } })
    await closed
    await expect(ask(url, '/healthz')).rejects.toThrow('ECONNREFUSED')
  })

  it('is not held open by who is connected and says nothing, or does not finish', async () => {
    const { port } = new URL(url)
    const sockets = ['', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n', 'POST /api'].map((text) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
      return new Promise<void>((resolve) => {
        socket.on('error', () => undefined)
        socket.on('close', () => resolve())
        socket.resume()
      })
    })
    await ask(url, '/healthz')
    await server.close()
    await Promise.all(sockets)
  })

  it('gives metrics as text, also of the process', async () => {
    const { status, headers, text } = await ask(url, '/metrics')
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect(text).toContain('tidemark_checkpoints_completed_total{job="taxi"} 3')
    expect(text).toContain('process_cpu_seconds_total')
  })
})

describe('what the operations server refuses', () => {
  it.each([
    ['a body that is not JSON', { body: '{"drain":' }, 400, 'BODY_MALFORMED'],
    ['a field that there is not', { body: '{"drian":"now"}' }, 400, 'BODY_INVALID'],
    ['a value that a field does not take', { body: '{"drain":"later"}' }, 400, 'BODY_INVALID'],
    ['a body of another type', { headers: { 'content-type': 'text/plain' }, body: '{}' }, 415, 'BODY_TYPE_UNSUPPORTED'],
    [
      'the body of a form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'BODY_TYPE_UNSUPPORTED',
    ],
    ['a body without a type', { headers: {} }, 415, 'BODY_TYPE_UNSUPPORTED'],
    ['a body over 1 MiB', { body: JSON.stringify({ savepoint: 'x'.repeat(1024 * 1024) }) }, 413, 'BODY_TOO_LARGE'],
    [
      'a body over 1 MiB that does not say so',
      { headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' }, body: `"${'x'.repeat(1024 * 1024)}"` },
      413,
      'BODY_TOO_LARGE',
    ],
    ['a foreign host', { headers: { ...JSON_TYPE, host: 'evil.example' } }, 403, 'HOST_NOT_ALLOWED'],
    ['a foreign host with the port', { headers: { ...JSON_TYPE, host: 'evil.example:7070' } }, 403, 'HOST_NOT_ALLOWED'],
    ['a host that is none', { headers: { ...JSON_TYPE, host: 'localhost@evil' } }, 400, 'REQUEST_MALFORMED'],
    ['an address that is not the bound one', { headers: { ...JSON_TYPE, host: '10.0.0.1' } }, 403, 'HOST_NOT_ALLOWED'],
    ['a foreign origin', { headers: { ...JSON_TYPE, origin: 'https://evil.example' } }, 403, 'ORIGIN_NOT_ALLOWED'],
    ['another port as origin', { headers: { ...JSON_TYPE, origin: 'http://127.0.0.1:1' } }, 403, 'ORIGIN_NOT_ALLOWED'],
    ['an origin without a name', { headers: { ...JSON_TYPE, origin: 'null' } }, 403, 'ORIGIN_NOT_ALLOWED'],
    ['a preflight', { method: 'OPTIONS' }, 405, 'METHOD_NOT_ALLOWED'],
    ['to read what is to be done', { method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
  ])('refuses %s', async (_what, request, status, code) => {
    const answer = await ask(url, '/api/v1/stop', { method: 'POST', headers: JSON_TYPE, ...request })
    expect(answer).toMatchObject(refused(status, code))
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(job.asked).toEqual([])
  })

  it.each(['/', '/api/v1/jobs', '/api/v1/job/', '/metrics/../api', '/%2e%2e/etc/passwd'])(
    'knows nothing at %s',
    async (path) => {
      expect(await ask(url, path)).toMatchObject(refused(404, 'PATH_UNKNOWN'))
    },
  )

  it('takes requests of its own origin, under each name of this machine', async () => {
    const { port } = new URL(url)
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      expect(await ask(url, '/api/v1/job', { headers: { host, origin: `http://${host}` } })).toMatchObject({
        status: 200,
      })
    }
  })

  it('refuses what the state of the job does not allow', async () => {
    job.status = 'restarting'
    expect(await post(url, '/api/v1/savepoints', {})).toMatchObject(refused(409, 'JOB_NOT_RUNNING'))
    job.status = 'stopping'
    expect(await post(url, '/api/v1/stop', {})).toMatchObject(refused(409, 'JOB_STOPPING'))
    job.status = 'finished'
    expect(await post(url, '/api/v1/stop', {})).toMatchObject(refused(409, 'JOB_NOT_RUNNING'))
  })

  it('refuses a second stop: the first one counts', async () => {
    const first = post(url, '/api/v1/stop', {})
    await expect.poll(() => job.asked.length).toBe(1)
    job.status = 'running'
    expect(await post(url, '/api/v1/stop', { drain: 'now' })).toMatchObject(refused(409, 'JOB_STOPPING'))
    job.finish({ status: 'stopped' })
    await first
  })

  it('can be asked to stop again when the first time nothing came of it', async () => {
    job.stop = () =>
      Promise.reject(new TidemarkError({ code: 'SAVEPOINT_EXISTS', domain: 'user', message: 'is not empty' }))
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await post(url, '/api/v1/stop', { savepoint: true })).toMatchObject(refused(409, 'SAVEPOINT_EXISTS'))
    }
  })

  it('says of what fails inside no more than that, and logs it', async () => {
    job.savepoint = () => Promise.reject(new RangeError('/secret/path'))
    const answer = await post(url, '/api/v1/savepoints', {})
    expect(answer).toMatchObject(refused(500, 'OPERATIONS_FAILED'))
    expect(answer.text).not.toContain('/secret/path')
  })

  it('sends strict headers with everything, refusals included', async () => {
    for (const path of ['/healthz', '/metrics', '/nowhere']) {
      const { headers } = await ask(url, path)
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      })
    }
  })

  it('hangs up on who does not finish the headers', { timeout: 20_000 }, async () => {
    const { port } = new URL(url)
    const received = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nHost: loc'))
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk.toString()
      })
      socket.on('error', reject)
      socket.on('close', () => resolve(text))
    })
    expect(received).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('where a request may put a savepoint', () => {
  it.each([
    ['another folder', '/etc/cron.d', 403, 'SAVEPOINT_PLACE_NOT_ALLOWED'],
    ['the root itself', '/state/taxi', 403, 'SAVEPOINT_PLACE_NOT_ALLOWED'],
    ['a sibling whose name begins alike', '/state/taxi-2/x', 403, 'SAVEPOINT_PLACE_NOT_ALLOWED'],
    ['a path that climbs out', '/state/taxi/../../etc', 403, 'SAVEPOINT_PLACE_NOT_ALLOWED'],
    ['another bucket', 's3://other/x', 403, 'SAVEPOINT_PLACE_NOT_ALLOWED'],
    ['a relative path', 'x', 400, 'SAVEPOINT_PLACE_INVALID'],
    ['a backslash', '/state/taxi/..\\..\\x', 400, 'SAVEPOINT_PLACE_INVALID'],
    ['a location that decodes to something else', 's3://bucket/taxi/%2e%2e/x', 400, 'SAVEPOINT_PLACE_INVALID'],
    ['nothing', '', 400, 'BODY_INVALID'],
  ])('refuses %s', async (_what, to, status, code) => {
    expect(await post(url, '/api/v1/savepoints', { to })).toMatchObject(refused(status, code))
    if (to !== '') expect(await post(url, '/api/v1/stop', { savepoint: to })).toMatchObject(refused(status, code))
    expect(job.asked).toEqual([])
  })

  it('allows what is below a root that the job was started with, and no link out of it', async () => {
    const root = await mkdtemp(join(tmpdir(), 'tidemark-roots-'))
    const other = await serve(job, { port: 0, savepointRoots: [root, 's3://bucket/taxi'] })
    try {
      await symlink('/', join(root, 'out'))
      const status = async (to: string) => (await post(other.url, '/api/v1/savepoints', { to })).status
      expect(await status(join(root, 'a', 'b'))).toBe(201)
      expect(await status('s3://bucket/taxi/a/')).toBe(201)
      expect(await status(join(root, 'out', 'tmp', 'x'))).toBe(403)
      for (const to of ['s3://bucket/taxi', 's3://bucket/taxi/../x', 's3://bucket/taxi//x', 's3://bucket/taxi-2/x']) {
        expect([to, await status(to)]).toEqual([to, 403])
      }
    } finally {
      await other.close()
      await rm(root, { recursive: true })
    }
  })
})
