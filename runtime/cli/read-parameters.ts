import { readFile } from 'node:fs/promises'
import { messageOf, TidemarkError } from '../../core/errors.js'

/** @throws TidemarkError PARAMETERS_FILE_UNREADABLE */
export async function readParameters(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new TidemarkError({
      code: 'PARAMETERS_FILE_UNREADABLE',
      domain: 'user',
      message: `the parameters file ${path} cannot be read as JSON: ${messageOf(error)}`,
      cause: error,
    })
  }
}
