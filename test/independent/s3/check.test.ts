import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startLocalS3 } from '../../servers/s3/index.js'
import { differencesOf } from './differences.js'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

function check(...args: string[]): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--no-warnings', '--import', 'tsx', MAIN, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out: stdout + stderr })
    })
  })
}

test('without an endpoint it says what is missing', async () => {
  const { code, out } = await check()
  expect(code).toBe(2)
  expect(out).toContain('No endpoint was given')
})

test('the local S3 has nothing that differs from itself, and no scenario fails', async () => {
  const server = await startLocalS3()
  onTestFinished(() => server.close())
  const { code, out } = await check(server.endpoint)
  expect(out).toMatch(/\n(\d+) scenarios, \1 with the same answers; 0 known differences, 0 others/)
  expect(out).not.toContain('scenarioFailed')
  expect(code).toBe(0)
})

test('a server that answers otherwise fails the check, with both answers', async () => {
  const server = await startLocalS3({ faults: [{ operation: 'GetObject', fault: { kind: 'slowDown' } }] })
  onTestFinished(() => server.close())
  const { code, out } = await check(server.endpoint, '--scenario', 'what is missing')
  expect(code).toBe(1)
  expect(out).toContain('local: "404 NoSuchKey"\n             other: "503 SlowDown"')
})

test('a server that is not there fails the check', async () => {
  const server = await startLocalS3()
  await server.close()
  const { code, out } = await check(server.endpoint, '--scenario', 'ranges')
  expect([code, out]).toEqual([1, expect.stringContaining('scenarioFailed')])
})

test('differences are told by their path; what is not there is as good as undefined', () => {
  expect(differencesOf({ a: { b: [1], c: undefined }, d: 1 }, { a: { b: [2] }, d: 1 })).toEqual([
    { path: 'a.b', local: '[1]', other: '[2]' },
  ])
})
