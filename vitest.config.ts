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

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/seed.ts'],
    setupFiles: ['test/setup/properties.ts'],
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
})
