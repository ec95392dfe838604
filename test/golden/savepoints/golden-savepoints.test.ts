import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Line } from './every-state.js'
import { type Objects, putIntoFolder, readGolden } from './golden-file.js'
import { GOLDENS } from './goldens.js'
import { runGolden } from './run-golden.js'

const PARALLELISMS = [1, 2, 3, 7]

/** What the job says of what it knows depends on where it was restored, on purpose. */
const sorted = (lines: readonly Line[]): Line[] => lines.filter((line) => !line.startsWith('known')).sort()

let folder: string
/** Of a run that nothing interrupts. */
let whole: readonly Line[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-golden-'))
  whole = await (await runGolden(1)).finish()
})
afterAll(() => rm(folder, { recursive: true }))

describe.each(Object.entries(GOLDENS))('the golden savepoint %s', (name, { make, committedBefore }) => {
  test('is written byte for byte as it was', async () => {
    const golden = comparable(readGolden(name))
    const written = comparable(await make())
    const message =
      `the bytes of savepoint '${name}' have changed. If that is meant, and the format's version is 0: npm run golden, ` +
      'and a line in CHANGELOG.md. From release 0.1.0 on this needs a new version that still reads this one.'
    expect([...written.keys()], message).toEqual([...golden.keys()])
    for (const [object, bytes] of golden) expect(written.get(object), `${object}: ${message}`).toEqual(bytes)
  })

  test.each(PARALLELISMS)('restores at parallelism %i, and the job ends with the right result', async (parallelism) => {
    const from = join(folder, `${name}-${parallelism}`)
    putIntoFolder(from, readGolden(name))
    const run = await runGolden(parallelism, { from })
    const lines = await run.finish()
    expect(sorted([...(await committedBefore()), ...lines])).toEqual(sorted(whole))
    // Zero was read once behind the savepoint, by a subtask that knows what all of them had read.
    expect(lines.filter((line) => line.startsWith('known')).sort()).toContain('known 69')
  })
})

/** The manifest's text without the release that wrote it. */
function comparable(objects: Objects): Map<string, string> {
  return new Map(
    [...objects]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, bytes]) => {
        if (name !== 'savepoint.json') return [name, Buffer.from(bytes).toString('base64')]
        const { body } = JSON.parse(Buffer.from(bytes).toString()) as { readonly body: string }
        return [name, body.replace(/"tidemark": "[^"]*"/, '"tidemark": ""')]
      }),
  )
}
