import { type ChildProcess, spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly error: string
}

/** A module as a process of its own, which gets its options as JSON. */
export function startChild(
  module: string,
  options: object,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--no-warnings', module, JSON.stringify(options)], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let error = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    error += text
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, ended: new Promise((done) => child.on('close', (code, signal) => done({ code, signal, error }))) }
}

export interface Kills {
  readonly module: string
  readonly kills: number
  /** Of the next process. */
  readonly options: () => object
  /** Where files become visible with each checkpoint. */
  readonly watched: string
  /** How long the process may go on behind that. */
  readonly delayMs: () => number
}

/**
 * Starts a process and kills it some time after something has become visible that was not, again and again.
 * @throws Error when one ends by itself
 */
export async function killAgainAndAgain({ module, kills, options, watched, delayMs }: Kills): Promise<void> {
  const visible = async () => (await readdir(watched).catch(() => [])).filter((name) => name.endsWith('.jsonl')).length
  let before = await visible()
  for (let kill = 0; kill < kills; kill++) {
    const { child, ended } = startChild(module, options())
    let now = before
    while (child.exitCode === null && now <= before) {
      await pause(10)
      now = await visible()
    }
    before = now
    await pause(delayMs())
    child.kill('SIGKILL')
    const { code, error } = await ended
    if (code !== null) throw new Error(`it ended by itself, with ${code}:\n${error}`)
  }
}
