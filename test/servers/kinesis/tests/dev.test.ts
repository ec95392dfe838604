import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ListStreamsCommand } from '@aws-sdk/client-kinesis'
import { expect, onTestFinished, test } from 'vitest'
import { localKinesisClient } from '../client.js'

const DEV = new URL('../dev.ts', import.meta.url).href
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

/** A process of its own that runs nothing but the dev server. */
function startProcess(): ChildProcess {
  const script = `const { runDevKinesis } = await import(${JSON.stringify(DEV)}); await runDevKinesis()`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends the dev server with exit code 0, open connections or not',
  async (signal) => {
    const child = startProcess()
    const exited = once(child, 'exit')
    const [line] = await once(createInterface({ input: child.stdout! }), 'line')
    expect(line).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+$/)
    const client = localKinesisClient(String(line).slice('ready '.length))
    onTestFinished(() => client.destroy())
    expect((await client.send(new ListStreamsCommand({}))).StreamNames).toEqual([])
    child.kill(signal)
    expect(await exited).toEqual([0, null])
  },
)
