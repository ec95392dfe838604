import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const launcher = join(process.cwd(), 'runtime/cli/launcher.js')

/** `tidemark` as a process of its own. It ends with the test that started it. */
export class Child {
  stdout = ''
  stderr = ''
  readonly ended: Promise<Ended>
  private readonly child

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, ['--no-warnings', launcher, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve({ code, signal }))
    })
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      await this.ended
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Lines of JSON that it has logged. */
  get logged(): Record<string, unknown>[] {
    const lines = this.stderr.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  /** Where its operations server listens, once the job has printed so many values. */
  async url(printed = 1): Promise<string> {
    const early = this.ended.then(({ code }) => Promise.reject(new RangeError(`ended with ${code}: ${this.stderr}`)))
    return Promise.race([this.listening(printed), early])
  }

  private async listening(printed: number): Promise<string> {
    const found = (): unknown => this.logged.find(({ operations }) => operations !== undefined)?.['operations']
    await expect.poll(found, { timeout: 20_000 }).toBeTypeOf('string')
    await expect.poll(() => this.stdout.split('\n').length, { timeout: 20_000 }).toBeGreaterThan(printed)
    return String(found())
  }
}

export async function tidemark(...args: readonly string[]): Promise<Ended & { stdout: string; stderr: string }> {
  const child = new Child(args)
  const { code, signal } = await child.ended
  return { code, signal, stdout: child.stdout, stderr: child.stderr }
}
