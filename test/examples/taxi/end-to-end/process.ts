import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { bundled } from '../../../setup/bundled.js'

const ROOT = resolve(import.meta.dirname, '../../../..')
const TAXI = await bundled('examples/taxi/main.ts')
const REPLAY = await bundled('examples/taxi/replay/main.ts')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly error: string
}

/** A module of the checkout as a process of its own. It ends with the test that started it. */
export class Process {
  readonly #child: ChildProcess
  readonly ended: Promise<Ended>
  #out = ''
  #error = ''
  #hasEnded = false

  constructor(module: string, args: readonly string[]) {
    const loader = module.endsWith('.ts') ? ['--import', 'tsx'] : []
    this.#child = spawn(process.execPath, ['--no-warnings', ...loader, module, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#error += text
    })
    this.ended = new Promise((done) => {
      this.#child.on('close', (code, signal) => {
        this.#hasEnded = true
        done({ code, signal, out: this.#out, error: this.#error })
      })
    })
    onTestFinished(async () => {
      await this.kill('SIGKILL')
    })
  }

  get out(): string {
    return this.#out
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<Ended> {
    if (!this.#hasEnded) this.#child.kill(signal)
    return this.ended
  }

  /** Waits for a condition, or for the end of the process: then it is false. */
  async reaches(condition: () => boolean | Promise<boolean>, { what, withinMs = 30_000 }: Patience): Promise<boolean> {
    const until = performance.now() + withinMs
    while (!this.#hasEnded) {
      if (await condition()) return true
      if (performance.now() > until) {
        throw new Error(`waited ${withinMs} ms for ${what}; the process said:\n${this.#out}\n${this.#error}`)
      }
      await pause(4)
    }
    return false
  }
}

export interface Patience {
  readonly what: string
  readonly withinMs?: number
}

/** What was written to standard error, but that the slow shards are slow. */
export function complaints({ error }: Ended): string[] {
  return error.split('\n').filter((line) => line !== '' && !line.includes('throttled, trying again'))
}

/** What `npm run taxi` runs. */
export const taxi = (...args: readonly string[]): Process => new Process(TAXI, args)

/** What `npm run taxi:replay` runs. */
export const taxiReplay = (...args: readonly string[]): Process => new Process(REPLAY, args)

/** What `npx tidemark` runs. */
export const tidemark = (...args: readonly string[]): Process => new Process('runtime/cli/launcher.js', args)
