import { existsSync, readFileSync } from 'node:fs'

/** Of the package.json of the checkout or of the installed package: a folder up from the sources, two from dist. */
export function versionOfPackage(): string {
  for (const up of ['../package.json', '../../package.json']) {
    const path = new URL(up, import.meta.url)
    if (existsSync(path)) return String(JSON.parse(readFileSync(path, 'utf8')).version)
  }
  return 'unknown'
}
