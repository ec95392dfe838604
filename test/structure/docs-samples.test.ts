import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'

/*
 * Every ```ts sample of the documentation compiles as a user's file would. What a sample takes for granted stands in an
 * HTML comment right above it, which readers do not see: <!-- given: ... -->. A sample that is a part of a file says so,
 * <!-- from: path -->: its lines stand in that file, in their order.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const pagesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
const PAGES = ['README.md', ...pagesIn('docs'), ...pagesIn('docs/connectors')]
const FENCE =
  /(?:<!-- from: (?<from>.*) -->\n\n|<!-- given:\n(?<given>[\s\S]*?)-->\n\n?)?^```ts\n(?<code>[\s\S]*?)^```$/gm

interface Sample {
  readonly page: string
  readonly line: number
  /** Where the sample would lie: in the project, so that imports resolve as they do there. */
  readonly file: string
  readonly from: string | undefined
  readonly code: string
}

/** By file: what a sample needs, and the sample. */
const texts = new Map<string, string>()
const samples = PAGES.flatMap((page) => samplesOf(page))

function samplesOf(page: string): Sample[] {
  const content = readFileSync(join(ROOT, page), 'utf8')
  return [...content.matchAll(FENCE)].map(({ index, groups }, number) => {
    const { given = '', code = '', from } = groups ?? {}
    const file = join(ROOT, 'examples', `${page.replaceAll(/\W/g, '-')}-${number}.ts`)
    // A sample is a module whether it imports anything or not.
    if (from === undefined) texts.set(file, `${given}\n${code}\nexport {}\n`)
    return { page, line: content.slice(0, index).split('\n').length, file, from, code }
  })
}

function optionsOfProject(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const { tsBuildInfoFile: _, ...others } = options
  // What a sample declares is often for the reader alone.
  return { ...others, noUnusedLocals: false, noUnusedParameters: false, incremental: false }
}

let program: ts.Program

beforeAll(() => {
  const options = optionsOfProject()
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (name) => texts.has(name) || fileExists(name)
  host.readFile = (name) => texts.get(name) ?? readFile(name)
  host.getSourceFile = (name, ...rest) => {
    const text = texts.get(name)
    return text === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, text, rest[0])
  }
  program = ts.createProgram([...texts.keys()], options, host)
}, 120_000)

describe('samples of the documentation are true', () => {
  test('there are some', () => {
    expect(samples.length).toBeGreaterThan(5)
  })

  test.each(named(({ from }) => from === undefined))('%s compiles', (_name, { file }) => {
    const source = program.getSourceFile(file)
    expect(source).toBeDefined()
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
  })

  test.each(named(({ from }) => from !== undefined))('%s stands in its file', (_name, { from, code }) => {
    const lines = readFileSync(join(ROOT, from ?? ''), 'utf8').split('\n')
    let next = 0
    // What a sample leaves out it marks with three dots.
    for (const line of code.split('\n').filter((text) => text !== '' && !text.includes('// ...'))) {
      const found = lines.indexOf(line, next)
      expect({ line, found: found >= 0 }).toEqual({ line, found: true })
      next = found + 1
    }
  })
})

function named(wanted: (sample: Sample) => boolean): (readonly [string, Sample])[] {
  return samples.filter(wanted).map((sample) => [`${sample.page}:${sample.line}`, sample])
}
