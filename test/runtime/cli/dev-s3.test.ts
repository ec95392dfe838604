import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'

const launcher = join(process.cwd(), 'runtime/cli/launcher.js')

function tidemark(...args: string[]) {
  const child = spawn(process.execPath, ['--no-warnings', launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

test.each(['SIGINT', 'SIGTERM'] as const)('dev s3 serves its buckets until %s and exits with 0', async (signal) => {
  const child = tidemark('dev', 's3', '--port', '0', '--bucket', 'state', '--bucket', 'output')
  const exited = once(child, 'exit')
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  expect(line).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/)
  const client = new S3Client({
    endpoint: String(line).slice('ready '.length),
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    forcePathStyle: true,
  })
  onTestFinished(() => client.destroy())
  const { Buckets } = await client.send(new ListBucketsCommand({}))
  expect(Buckets?.map(({ Name }) => Name)).toEqual(['output', 'state'])
  child.kill(signal)
  expect(await exited).toEqual([0, null])
})

test.each([
  [['--port', '70000'], /Expected a port from 0 to 65535/],
  [['--port', '0', '--bucket', 'No_Bucket'], /"No_Bucket" cannot be a bucket/],
  [['--buckets', 'x'], /--bucket/],
])('dev s3 %j says in words what is wrong, and exits with 1', async (args, message) => {
  const child = tidemark('dev', 's3', ...args)
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  expect((await once(child, 'close'))[0]).toBe(1)
  expect(said).toMatch(message)
  expect(said).not.toMatch(/\n\s+at /)
})
