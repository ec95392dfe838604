import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** The page's style and script, each one string, and their hashes for the content security policy. */
export interface Assets {
  readonly style: string
  readonly script: string
  readonly styleHash: string
  readonly scriptHash: string
}

let built: Assets | undefined

/** Built once a process, from the sources beside this file. */
export function assets(): Assets {
  if (built === undefined) {
    const style = bundle('client/style.css')
    const script = bundle('client/main.ts')
    built = { style, script, styleHash: sha256(style), scriptHash: sha256(script) }
  }
  return built
}

function bundle(path: string): string {
  const result = buildSync({
    entryPoints: [fileURLToPath(new URL(path, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
    legalComments: 'none',
    // All that the script needs of Tidemark is the error type, by way of the geohashes.
    alias: { tidemark: fileURLToPath(new URL('../../../core/errors.ts', import.meta.url)) },
    logLevel: 'silent',
  })
  return result.outputFiles[0]!.text.trim()
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
