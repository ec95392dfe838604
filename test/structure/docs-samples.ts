import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * The ```ts samples of the documentation. What a sample takes for granted stands in an HTML comment right above it, which
 * readers do not see: <!-- given: ... -->. A sample that is a part of a file says so, <!-- from: path -->. A whole job says
 * <!-- runs -->, and the next ```text is what it prints.
 */

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Sample {
  readonly page: string
  readonly line: number
  /** Where the sample would lie: in the project, so that imports resolve as they do there. */
  readonly file: string
  readonly from: string | undefined
  readonly given: string
  readonly code: string
  /** What a sample that runs prints. */
  readonly output: string | undefined
}

const MARK = /(?:<!-- from: (?<from>.*) -->\n\n|<!-- given:\n(?<given>[\s\S]*?)-->\n\n?|(?<runs><!-- runs -->)\n\n)?/
const FENCE = new RegExp(`${MARK.source}^\`\`\`ts\\n(?<code>[\\s\\S]*?)^\`\`\`$`, 'gm')
const OUTPUT = /^```text\n(?<output>[\s\S]*?)^```$/m

export const samples: readonly Sample[] = ['README.md', ...pagesIn('docs'), ...pagesIn('docs/connectors')].flatMap(
  samplesOf,
)

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
}

function samplesOf(page: string): Sample[] {
  const content = readFileSync(join(ROOT, page), 'utf8')
  return [...content.matchAll(FENCE)].map(({ 0: all, index, groups }, number) => {
    const { given = '', code = '', from, runs } = groups ?? {}
    const file = join(ROOT, 'examples', `${page.replaceAll(/\W/g, '-')}-${number}.ts`)
    const line = content.slice(0, index).split('\n').length
    const output = runs && (OUTPUT.exec(content.slice(index + all.length))?.groups?.['output'] ?? '')
    return { page, line, file, from, given, code, output }
  })
}

export function named(wanted: (sample: Sample) => boolean): (readonly [string, Sample])[] {
  return samples.filter(wanted).map((sample) => [`${sample.page}:${sample.line}`, sample])
}
