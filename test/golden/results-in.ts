import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Every line that is visible in a folder, sorted; none where there is no folder. */
export async function linesIn(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl'))
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).sort()
}

/** The lines of each result, which has a folder of its own. */
export async function resultsIn<Name extends string>(
  out: string,
  names: readonly Name[],
): Promise<Readonly<Record<Name, readonly string[]>>> {
  const results = {} as Record<Name, readonly string[]> // every name gets its own below
  for (const name of names) results[name] = await linesIn(join(out, name))
  return results
}
