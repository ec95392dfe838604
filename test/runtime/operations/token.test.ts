import { afterEach, describe, expect, it } from 'vitest'
import { isHostAllowed } from '../../../runtime/operations/gate.js'
import { type OperationsOptions, resolveOperations } from '../../../runtime/operations/options.js'
import type { OperationsServer } from '../../../runtime/operations/server.js'
import { ask, Job, post, serve } from './fixture.js'

const token = 'a-token-of-22-characters'
let server: OperationsServer | undefined

afterEach(() => server?.close())

describe('a token', () => {
  it.each([
    ['none', {}],
    ['another', { authorization: 'Bearer a-token-of-22-characterz' }],
    ['a shorter one', { authorization: 'Bearer a-token' }],
    ['another scheme', { authorization: `Basic ${token}` }],
    ['an empty one', { authorization: 'Bearer ' }],
  ])('is asked of everyone who wants more than a probe: %s', async (_what, headers) => {
    const job = new Job()
    server = await serve(job, { port: 0, token })
    for (const path of ['/metrics', '/api/v1/job', '/nowhere']) {
      const answer = await ask(server.url, path, { headers })
      expect(answer).toMatchObject({ status: 401, json: { error: { code: 'TOKEN_REQUIRED' } } })
      expect(answer.headers['www-authenticate']).toBe('Bearer')
    }
    expect(await post(server.url, '/api/v1/stop', {}, headers)).toMatchObject({ status: 401 })
    expect(await ask(server.url, '/readyz', { headers })).toMatchObject({ status: 200 })
    expect(job.asked).toEqual([])
  })

  it('opens everything to who has it', async () => {
    server = await serve(new Job(), { port: 0, token })
    const headers = { authorization: `Bearer ${token}` }
    expect(await ask(server.url, '/metrics', { headers })).toMatchObject({ status: 200 })
    expect(await post(server.url, '/api/v1/savepoints', {}, headers)).toMatchObject({ status: 201 })
  })

  it('is in no log line and no message', async () => {
    const logged: string[] = []
    server = await serve(new Job(), { port: 0, token }, logged)
    await post(server.url, '/api/v1/savepoints', {}, { authorization: `Bearer ${token}` })
    expect(logged.length).toBeGreaterThan(0)
    expect(logged.join('\n')).not.toContain(token)
    expect(() => resolveOperations({ token: 'short-secret' })).toThrow(/^(?!.*short-secret).*at least 16/)
  })
})

describe('an address that other machines can reach', () => {
  it.each(['0.0.0.0', '::', '10.1.2.3'])('is refused without a token: %s', (host) => {
    expect(() => resolveOperations({ host })).toThrow(/give a token, or say allowRemote: 'without-token'/)
    expect(resolveOperations({ host, token }).isRemote).toBe(true)
    expect(resolveOperations({ host, allowRemote: 'without-token' }).isRemote).toBe(true)
  })

  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('is not %s', (host) => {
    expect(resolveOperations({ host }).isRemote).toBe(false)
  })

  it('answers under every address, and under the names that were allowed', () => {
    const settings = resolveOperations({ host: '0.0.0.0', token, allowedHosts: ['Taxi.svc'] })
    for (const host of ['10.1.2.3:7070', '[fd00::1]:7070', 'taxi.svc:7070', 'TAXI.SVC', 'localhost']) {
      expect([host, isHostAllowed(host, settings)]).toEqual([host, true])
    }
    for (const host of ['evil.example', 'taxi.svc.evil.example', 'a b', '', 'taxi.svc:7070:1', '[::1', undefined]) {
      expect([host, isHostAllowed(host, settings)]).toEqual([host, false])
    }
  })
})

describe('options of the operations server', () => {
  // A user's JavaScript can hold anything.
  it.each([
    [{ prot: 1 }, /no option 'prot'; did you mean 'port'|no option 'prot'/],
    [{ port: 70_000 }, /port is a whole number from 0 to 65535/],
    [{ port: '1' }, /port is a whole number/],
    [{ host: 'example.com' }, /host is an IP address or localhost/],
    [{ token: 'short' }, /at least 16 characters/],
    [{ token: 'with a space in between' }, /no white space/],
    [{ allowRemote: true }, /allowRemote is 'without-token'/],
    [{ allowedHosts: 'a' }, /allowedHosts is a list of texts/],
  ])('%j is refused', (options, message) => {
    expect(() => resolveOperations(options as OperationsOptions)).toThrow(message)
  })

  it('a port that was asked for and is taken is refused; the default one gives way to a free one', async () => {
    server = await serve(new Job())
    const { port } = new URL(server.url)
    await expect(serve(new Job(), { port: Number(port) })).rejects.toMatchObject({ code: 'OPERATIONS_PORT_IN_USE' })
    const first = await serve(new Job(), {})
    const second = await serve(new Job(), {})
    expect(second.url).not.toBe(first.url)
    await first.close()
    await second.close()
  })
})
