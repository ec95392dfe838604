import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryStore } from 'tidemark/run'
import { type KeyedStateEntry, readSavepoint } from 'tidemark/savepoint'
import { expect, test } from 'vitest'
import { encode } from '../../../core/codec/index.js'
import { putInto, putIntoFolder, readGolden } from './golden-file.js'
import { GOLDENS } from './goldens.js'
import { readKeyedState } from './independent-reader.mjs'

/** One text for one entry, whatever the order of its fields. */
const textOf = (entry: object): string => {
  const fields = Object.entries(entry).filter(([, value]) => value !== undefined)
  return Buffer.from(encode(fields.sort(([left], [right]) => (left < right ? -1 : 1)))).toString('latin1')
}

/** In the words of the independent reader. */
function inItsWords(operator: string, entry: KeyedStateEntry): object {
  if (entry.kind === 'window') {
    const { window, layout: _, eventTimers: _e, processingTimers: _p, ...rest } = entry
    return { operator, ...rest, ...window }
  }
  if (entry.kind === 'timer') return { operator, ...entry }
  const { lastAccess: _, ...rest } = entry
  return { operator, ...rest }
}

test.each(Object.keys(GOLDENS))('a reader made from the page alone reads what Tidemark reads in %s', async (name) => {
  const objects = readGolden(name)
  const independent = readKeyedState((object: string) => objects.get(object))
  const savepoint = await readSavepoint(await putInto(memoryStore(), objects))
  const own: object[] = []
  for (const { id } of savepoint.operators()) {
    for await (const entry of savepoint.keyedState(id)) own.push(inItsWords(id, entry))
  }
  expect(own.length).toBeGreaterThan(100)
  expect(independent.map(textOf).sort()).toEqual(own.map(textOf).sort())
})

test('it runs by itself, without a package', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-independent-'))
  try {
    putIntoFolder(folder, readGolden('stopped'))
    const reader = fileURLToPath(new URL('independent-reader.mjs', import.meta.url))
    const lines = execFileSync(process.execPath, [reader, folder], { cwd: folder, encoding: 'utf8' }).trim().split('\n')
    expect(lines.length).toBe(readKeyedState((object: string) => readGolden('stopped').get(object)).length)
    expect(lines.some((line) => line.includes('"state":"parity"'))).toBe(true)
  } finally {
    await rm(folder, { recursive: true })
  }
})
