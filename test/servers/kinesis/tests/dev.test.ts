import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CreateStreamCommand, ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { expect, onTestFinished, test } from 'vitest'
import { localKinesisClient } from '../client.js'
import { startProcess } from './dev-process.js'

const launcher = join(process.cwd(), 'runtime/cli/launcher.js')

function tidemark(...args: string[]) {
  const child = spawn(process.execPath, ['--no-warnings', launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-kinesis-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends the dev server with exit code 0, open connections or not',
  async (signal) => {
    const { child, line, url } = await startProcess()
    expect(line).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/)
    const client = localKinesisClient(url)
    onTestFinished(() => client.destroy())
    expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual([])
    const exited = once(child, 'exit')
    child.kill(signal)
    expect(await exited).toEqual([0, null])
  },
)

test('dev kinesis --dir has its streams again after a kill', async () => {
  const directory = newDirectory()
  for (const [life, names] of [[], ['taxi']].entries()) {
    const child = tidemark('dev', 'kinesis', '--port', '0', '--dir', directory, '--fsync')
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    const client = localKinesisClient(String(line).slice('ready '.length))
    onTestFinished(() => client.destroy())
    expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual(names)
    if (life === 0) await client.send(new CreateStreamCommand({ StreamName: 'taxi', ShardCount: 1 }))
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
}, 90_000)

test('a directory that cannot be one is said in a line, and the exit code is 1', async () => {
  const file = join(newDirectory(), 'file')
  writeFileSync(file, '')
  const child = tidemark('dev', 'kinesis', '--port', '0', '--dir', file)
  // Not `exit`: what it said may come after that.
  const ended = once(child, 'close')
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  expect(await ended).toEqual([1, null])
  expect(said).toMatch(/KINESIS_DIRECTORY_FAILED/)
  expect(said).not.toMatch(/^ +at /m)
})
