import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ReportInput } from './input.js'
import { renderReport } from './page.js'

/** Writes the report to `path`, making its folder if need be. */
export async function writeReport(path: string, input: ReportInput): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, renderReport(input))
}
