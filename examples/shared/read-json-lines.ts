import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The rows in a folder that a job wrote as JSON lines. None where nothing was written. */
export async function readJsonLines<Row>(folder: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const name of await namesIn(folder)) {
    if (!name.endsWith('.jsonl')) continue
    for (const line of (await readFile(join(folder, name), 'utf8')).split('\n')) {
      // The job wrote it: its type says what is in it.
      if (line !== '') rows.push(JSON.parse(line) as Row)
    }
  }
  return rows
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
