import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { isJob, type Job } from '../../core/job/job.js'

export interface LoadedJob {
  readonly job: Job<unknown>
  readonly path: string
}

/**
 * The job that a module exports as its default.
 * @throws TidemarkError JOB_FILE_MISSING, JOB_FILE_BROKEN, JOB_FILE_WITHOUT_JOB
 */
export async function loadJob(given: string): Promise<LoadedJob> {
  const path = resolve(given)
  if (!existsSync(path)) throw unusable('JOB_FILE_MISSING', `there is no file ${path}`)
  let module: Readonly<Record<string, unknown>>
  try {
    module = await import(pathToFileURL(path).href)
  } catch (error) {
    if (error instanceof TidemarkError) throw error
    const hint = isCommonJs(path) ? `. Tidemark's jobs are ES modules: put "type": "module" into its package.json` : ''
    throw unusable('JOB_FILE_BROKEN', `${given} could not be loaded: ${firstLine(messageOf(error))}${hint}`, error)
  }
  const job = jobOf(module['default'])
  if (job) return { job, path }
  throw unusable(
    'JOB_FILE_WITHOUT_JOB',
    `${given} has no job as its default export: write export default defineJob('name', (job) => { ... })`,
  )
}

/** A module of CommonJS syntax arrives wrapped once more. */
function jobOf(exported: unknown): Job<unknown> | undefined {
  if (isJob(exported)) return exported
  const inner = (exported as { readonly default?: unknown } | null | undefined)?.default
  return isJob(inner) ? inner : undefined
}

/** Whether Node takes a `.js` file for CommonJS: the nearest package.json does not say otherwise. */
function isCommonJs(path: string): boolean {
  if (!path.endsWith('.js')) return false
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) return !/"type"\s*:\s*"module"/.test(readFileSync(manifest, 'utf8'))
    if (folder === dirname(folder)) return true
  }
}

function firstLine(message: string): string {
  return message.split('\n').find((line) => line.trim() !== '') ?? message
}

function unusable(code: string, message: string, cause?: unknown): TidemarkError {
  return new TidemarkError({ code, domain: 'user', message, cause })
}
