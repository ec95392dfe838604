import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

const ROOT = resolve(import.meta.dirname, '../..')
const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as {
  compilerOptions: { paths: Record<string, [string]> }
}
// The longest first: an alias of esbuild is a prefix.
const alias = Object.fromEntries(
  Object.entries(compilerOptions.paths)
    .sort(([one], [other]) => other.length - one.length)
    .map(([subpath, [source]]) => [subpath, join(ROOT, source)]),
)

/**
 * A module of the checkout, and all of Tidemark that it needs, in one file: a process that runs it is up in a third of the
 * time that the loader of TypeScript takes. Tests that start many processes run this; that the command itself works under the
 * loader is tested once. Removed when the test's process ends.
 */
export async function bundled(entry: string): Promise<string> {
  const name = `${createHash('sha256').update(entry).digest('hex').slice(0, 12)}-${process.pid}.mjs`
  const outfile = join(ROOT, 'node_modules/.cache/tidemark-tests', name)
  await build({
    entryPoints: [resolve(ROOT, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    tsconfig: join(ROOT, 'tsconfig.json'),
    alias,
    plugins: [ownPlaces],
    logLevel: 'error',
  })
  process.once('exit', () => rmSync(outfile, { force: true }))
  return outfile
}

/** Files beside a source are found where the source is, not where the bundle is. */
const ownPlaces: Plugin = {
  name: 'own places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      if (!source.includes('import.meta.url')) return undefined
      return { contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)), loader: 'ts' }
    })
  },
}
