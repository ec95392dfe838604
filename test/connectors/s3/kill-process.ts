import { type ChildProcess, spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import type { ChildOptions } from './kill-child.js'

const ROOT = resolve(import.meta.dirname, '../../..')

export interface Module {
  readonly path: string
  remove(): Promise<void>
}

/** A process that is up in a moment: the job and all of Tidemark in one file. */
export async function bundledChild(): Promise<Module> {
  const path = join(ROOT, 'node_modules/.cache/tidemark-s3-sink', `kill-child-${process.pid}.mjs`)
  const source = {
    run: 'runtime',
    file: 'connectors/file',
    parquet: 'connectors/parquet',
    s3: 'connectors/s3',
  }
  await build({
    entryPoints: [join(import.meta.dirname, 'kill-child.ts')],
    ...{ outfile: path, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' },
    tsconfig: join(ROOT, 'tsconfig.json'),
    alias: Object.fromEntries(
      Object.entries(source).map(([name, folder]) => [`tidemark/${name}`, join(ROOT, folder, 'index.ts')]),
    ),
  })
  return { path, remove: () => rm(path, { force: true }) }
}

export interface Ended {
  readonly code: number | null
  /** The last of what it wrote to standard error. */
  readonly error: string
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
    child.on('close', (code) => done({ code, error }))
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
