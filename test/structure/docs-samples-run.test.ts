import { compileFunction } from 'node:vm'
import * as tidemark from 'tidemark'
import * as collection from 'tidemark/collection'
import * as patterns from 'tidemark/patterns'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import type { PrintOptions } from '../../connectors/collection/print.js'
import type { Job } from '../../core/job/job.js'
import { virtualEnvironment } from '../../runtime/environment/virtual.js'
import { run } from '../../runtime/run.js'
import { named, samples } from './docs-samples.js'

/*
 * A sample marked <!-- runs --> prints what its page shows. It is run as `tidemark run` would, but in this process and on
 * virtual time; which sink prints first is the engine's affair, the order within one is the sample's.
 */

/** Those that a page is for. */
const PAGES = ['async', 'error-policy', 'joins', 'patterns', 'process', 'streams', 'windows']

describe('samples of the documentation that are whole jobs', () => {
  test('are on the page of every group of steps', () => {
    const pages = new Set(samples.filter(({ output }) => output !== undefined).map(({ page }) => page))
    expect([...pages]).toEqual(expect.arrayContaining(PAGES.map((page) => `docs/${page}.md`)))
  })

  test.each(named(({ output }) => output !== undefined))('%s prints what stands below it', async (_name, sample) => {
    const printed = await printedBy(sample.code)
    expect(bySink(printed)).toEqual(bySink(sample.output ?? ''))
  })
})

async function printedBy(code: string): Promise<string> {
  const printed: string[] = []
  const to = { write: (text: string) => printed.push(text) > 0, once: () => undefined }
  const modules: Readonly<Record<string, object>> = {
    tidemark,
    'tidemark/patterns': patterns,
    'tidemark/collection': {
      ...collection,
      print: (options: PrintOptions) => collection.print({ ...options, to }),
    },
  }
  const environment = virtualEnvironment()
  const { result } = await run(jobOf(code, modules), { parallelism: 1, environment })
  let isOver = false
  const end = (): void => {
    isOver = true
  }
  result.then(end, end)
  while (!isOver) {
    await environment.settle()
    const { nextTimerAt } = environment
    // Delays of retries are what a job waits for.
    if (!isOver && nextTimerAt !== undefined) await environment.advance(nextTimerAt - environment.clock.now())
  }
  await result
  return printed.join('')
}

function jobOf(code: string, modules: Readonly<Record<string, object>>): Job<unknown> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023 },
  })
  const exported: { default?: Job<unknown> } = {}
  const load = (name: string): object => {
    const found = modules[name]
    if (found === undefined)
      throw new RangeError(`a sample that runs imports ${name}, which this test does not give it`)
    return found
  }
  compileFunction(outputText, ['require', 'exports'])(load, exported)
  if (exported.default === undefined) throw new RangeError('a sample that runs has a job as its default export')
  return exported.default
}

/** The lines of each sink, by its prefix. */
function bySink(printed: string): Record<string, string[]> {
  const lines = printed.split('\n').filter((line) => line !== '')
  const sinks: Record<string, string[]> = {}
  for (const line of lines) {
    const [, prefix = ''] = /^(\w+)> /.exec(line) ?? []
    sinks[prefix] = [...(sinks[prefix] ?? []), line]
  }
  return sinks
}
