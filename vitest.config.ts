import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests import the public subpaths as a user does; in a checkout these are the sources, as tsconfig.json says. */
const { compilerOptions } = JSON.parse(readFileSync(new URL('./tsconfig.json', import.meta.url), 'utf8')) as {
  compilerOptions: { paths: Record<string, [string]> }
}
const alias = Object.entries(compilerOptions.paths).map(([subpath, [source]]) => ({
  find: new RegExp(`^${subpath}$`),
  replacement: fileURLToPath(new URL(source, import.meta.url)),
}))

const CORE = 'test/core/**/*.test.ts'

export default defineConfig({
  resolve: { alias },
  test: {
    globalSetup: ['test/setup/seed.ts'],
    setupFiles: ['test/setup/properties.ts'],
    hookTimeout: 30_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        // The core has no state of its own between two files of tests: to load it anew for each took longer than many of them.
        test: { name: 'core', include: [CORE], isolate: false },
      },
      { extends: true, test: { name: 'all else', include: ['test/**/*.test.ts'], exclude: [CORE] } },
    ],
  },
})
