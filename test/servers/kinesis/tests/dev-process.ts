import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { LocalKinesisOptions } from '../index.js'

const DEV = new URL('../dev.ts', import.meta.url).href
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

export interface DevProcess {
  readonly child: ChildProcess
  /** The line that says that it listens. */
  readonly line: string
  readonly url: string
}

/** A process of its own that runs nothing but the dev server. Killed when the test ends. */
export async function startProcess(options: LocalKinesisOptions = {}): Promise<DevProcess> {
  const run = `await runDevKinesis(${JSON.stringify(options)})`
  const script = `const { runDevKinesis } = await import(${JSON.stringify(DEV)}); ${run}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { child, line: String(line), url: String(line).slice('ready '.length) }
}
