import { createInterface } from 'node:readline/promises'
import { TidemarkError } from '../../../core/errors.js'
import { objectsOf } from '../../storage/checkpoint-objects.js'
import { deleteSavepoint, readSavepointManifest } from '../../storage/savepoint-objects.js'
import type { CliIo } from '../program.js'
import { bytesText } from '../table.js'
import { type PlaceFlags, withPlace } from './place.js'

export interface DeleteOptions extends PlaceFlags {
  readonly yes: boolean
}

/** What `tidemark savepoint delete` prints. */
export async function savepointDelete(location: string, options: DeleteOptions, io: CliIo): Promise<string> {
  return withPlace(location, options, async (store) => {
    const manifest = await readSavepointManifest(store)
    const objects = objectsOf(manifest)
    const size = bytesText(objects.reduce((sum, { length }) => sum + length, 0))
    const what = `savepoint ${manifest.id} of job '${manifest.job}' in ${store.location}, ${size}`
    if (!options.yes && !(await agrees(`delete ${what}? [y/N] `, io))) return `kept ${what}`
    await deleteSavepoint(store)
    return `deleted ${what}`
  })
}

async function agrees(question: string, { terminal }: CliIo): Promise<boolean> {
  if (!terminal.isTTY || !process.stdin.isTTY) {
    throw new TidemarkError({
      code: 'OPTION_INVALID',
      domain: 'user',
      message: 'nobody is there to ask whether the savepoint shall be deleted: say --yes',
    })
  }
  const asking = createInterface({ input: process.stdin, output: terminal })
  try {
    return /^y(es)?$/i.test((await asking.question(question)).trim())
  } finally {
    asking.close()
  }
}
