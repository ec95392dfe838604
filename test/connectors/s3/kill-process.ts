import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import type { ChildOptions } from './kill-child.js'

const ROOT = resolve(import.meta.dirname, '../../..')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last of what it wrote to standard error. */
  readonly error: string
  /** All rows that it read are below. */
  readonly below: number
}

export interface RunningChild {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** Whether it said the word before it ended. */
  said(word: string): Promise<boolean>
}

export function startChild(module: string, options: ChildOptions): RunningChild {
  const args = ['--no-warnings', module, JSON.stringify(options)]
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, error] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error = (error + text).slice(-4000)
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code, signal) =>
      done({ code, signal, error, below: Number(/.*below (\d+)\n/s.exec(out)?.[1] ?? 0) }),
    )
  })
  const said = async (word: string): Promise<boolean> => {
    const isSaid = (): boolean => out.split('\n').slice(0, -1).includes(word)
    const heard = new Promise<void>((done) => {
      child.stdout.on('data', () => isSaid() && done())
    })
    if (!isSaid()) await Promise.race([heard, ended])
    return isSaid()
  }
  return { process: child, ended, said }
}
