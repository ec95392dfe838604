#!/usr/bin/env node
// In a checkout this runs the sources, in the package what was built from them.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const built = new URL('../../dist/runtime/cli/main.js', import.meta.url)
const sources = new URL('./main.ts', import.meta.url)

// Jobs are TypeScript in both cases, so tsx is needed in both.
const { register } = await import('tsx/esm/api')
if (existsSync(fileURLToPath(sources))) {
  register({ tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)) })
  asModules()
  await import(sources.href)
} else {
  register()
  asModules()
  await import(built.href)
}

// After tsx's hooks: what is registered last is asked first.
function asModules() {
  module.register('./typescript-modules.js', import.meta.url)
}
