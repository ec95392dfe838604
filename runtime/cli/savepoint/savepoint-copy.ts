import { objectsOf } from '../../storage/checkpoint-objects.js'
import { copyAsSavepoint, readSavepointManifest, requireEmpty } from '../../storage/savepoint-objects.js'
import type { CliIo } from '../program.js'
import { bytesText } from '../table.js'
import { counting, type PlaceFlags, withPlace } from './place.js'
import { byteProgress } from './progress.js'

/** What `tidemark savepoint copy` prints. */
export async function savepointCopy(from: string, to: string, options: PlaceFlags, io: CliIo): Promise<string> {
  // What is no savepoint is found before the target is touched.
  return withPlace(from, options, async (source) => {
    const manifest = await readSavepointManifest(source)
    const objects = objectsOf(manifest)
    return withPlace(to, { ...options, isNew: true }, async (target) => {
      await requireEmpty(target)
      const progress = byteProgress(
        io,
        'copying',
        objects.reduce((sum, { length }) => sum + length, 0),
      )
      const bytes = await copyAsSavepoint(counting(source, progress.add), manifest, target).catch(
        async (error: unknown) => {
          // It was empty: what is there now is a part of what failed.
          await target.deleteMany(await target.list('')).catch(() => undefined)
          throw error
        },
      )
      progress.end()
      return `${target.location}: ${objects.length} objects, ${bytesText(bytes)}`
    })
  })
}
