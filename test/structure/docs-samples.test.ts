import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'
import { named, ROOT, samples } from './docs-samples.js'

/*
 * Every sample compiles as a user's file would, or its lines stand in the file that it is from, in their order.
 */

/** By file: what a sample needs, and the sample. A sample is a module whether it imports anything or not. */
const texts = new Map(
  samples
    .filter(({ from }) => from === undefined)
    .map(({ file, given, code }) => [file, `${given}\n${code}\nexport {}\n`]),
)

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
