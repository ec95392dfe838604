import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new folder that goes with the test. */
export async function folderOfTest(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `tidemark-${name}-`))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
