import type { CheckpointManifest, InputState } from '../../../core/checkpoint/manifest.js'
import { checkpointPrefix, LOG_PREFIX, SAVEPOINT_MANIFEST } from '../../../core/checkpoint/paths.js'
import { messageOf } from '../../../core/errors.js'
import { JobLog } from '../../coordinator/job-log.js'
import { systemEnvironment } from '../../environment/system.js'
import { objectsOf, readManifest } from '../../storage/checkpoint-objects.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { readSavepointManifest } from '../../storage/savepoint-objects.js'
import { bytesText, table } from '../table.js'
import { below, type PlaceFlags, withPlace } from './place.js'

export interface ListOptions extends PlaceFlags {
  readonly json: boolean
}

interface Listed {
  readonly location: string
  readonly kind: 'savepoint' | 'checkpoint'
  readonly job: string
  readonly id: number
  /** ISO. */
  readonly takenAt: string
  readonly input: InputState
  readonly bytes: number
}

/** One that is there and cannot be read. */
interface Unreadable {
  readonly location: string
  readonly kind: 'savepoint' | 'checkpoint'
  readonly error: string
}

/** What `tidemark savepoint list` prints. */
export async function savepointList(location: string, options: ListOptions): Promise<string> {
  const found = await withPlace(location, options, async (store) => {
    const names = await store.list('')
    return [...(await savepointsIn(store, names)), ...(await checkpointsIn(store, names))]
  })
  if (options.json) return JSON.stringify(found, undefined, 2)
  if (found.length === 0) return `no savepoints and no completed checkpoints in ${location}`
  const rows = found.map((one) =>
    'error' in one
      ? [one.kind, '-', '-', '-', '-', '-', `${one.location}: ${one.error}`]
      : [one.kind, one.job, String(one.id), one.takenAt, one.input, bytesText(one.bytes), one.location],
  )
  return table(['kind', 'job', 'id', 'taken', 'input', 'size', 'location'], rows)
}

async function savepointsIn(store: ObjectStore, names: readonly string[]): Promise<(Listed | Unreadable)[]> {
  const found: (Listed | Unreadable)[] = []
  for (const name of names) {
    if (name !== SAVEPOINT_MANIFEST && !name.endsWith(`/${SAVEPOINT_MANIFEST}`)) continue
    const place = below(store, name.slice(0, -SAVEPOINT_MANIFEST.length))
    found.push(await listed('savepoint', place.location, () => readSavepointManifest(place)))
  }
  return found
}

async function checkpointsIn(store: ObjectStore, names: readonly string[]): Promise<(Listed | Unreadable)[]> {
  if (!names.some((name) => name.startsWith(LOG_PREFIX))) return []
  const log = await JobLog.open({ store, nonce: () => systemEnvironment().nonce() })
  const found: (Listed | Unreadable)[] = []
  for (const ref of log.state?.checkpoints ?? []) {
    const { location } = below(store, checkpointPrefix(ref.id, ref.generation))
    found.push(await listed('checkpoint', location, () => readManifest(store, ref)))
  }
  return found
}

async function listed(
  kind: Listed['kind'],
  location: string,
  read: () => Promise<CheckpointManifest>,
): Promise<Listed | Unreadable> {
  try {
    const manifest = await read()
    const { job, id, input, triggeredAt } = manifest
    const bytes = objectsOf(manifest).reduce((sum, { length }) => sum + length, 0)
    return { location, kind, job, id, takenAt: new Date(triggeredAt).toISOString(), input, bytes }
  } catch (error) {
    return { location, kind, error: messageOf(error) }
  }
}
