import { applyEvent, type JobEvent, type JobState } from '../../core/checkpoint/job-state.js'
import { LOG_PREFIX, logEntryPath, logPosition } from '../../core/checkpoint/paths.js'
import { TidemarkError } from '../../core/errors.js'
import { checksum } from '../storage/checksum.js'
import type { ObjectStore } from '../storage/object-store.js'
import { logEntrySchema } from '../storage/schemas.js'

/** Entries kept behind the newest: enough for a reader that listed before others were written. */
const KEPT_ENTRIES = 64

export interface JobLogOptions {
  readonly store: ObjectStore
  readonly nonce: () => string
}

/**
 * The one dense log of a job: `log/<n>`, each entry the conditional create of the next n. Whoever finds another's
 * nonce where its own should be is deposed and must change nothing more.
 *
 * 1. An entry carries the whole state as of itself, so the newest one is all that a reader needs.
 * 2. An old writer whose next n was deleted meanwhile may create it, but then sees higher ones: it is deposed too.
 */
export class JobLog {
  private readonly options: JobLogOptions
  private position: number
  private current: JobState | undefined

  private constructor(options: JobLogOptions, position: number, state: JobState | undefined) {
    this.options = options
    this.position = position
    this.current = state
  }

  /** @throws TidemarkError LOG_CORRUPT when the newest entry cannot be trusted. */
  static async open(options: JobLogOptions): Promise<JobLog> {
    const highest = await highestPosition(options.store)
    if (highest === undefined) return new JobLog(options, 0, undefined)
    const entry = await readEntry(options.store, highest)
    if (!entry) throw corrupt(options.store, highest, 'it is listed but cannot be read')
    return new JobLog(options, highest, entry.state)
  }

  /** As of the newest entry that this log has read or written. */
  get state(): JobState | undefined {
    return this.current
  }

  /**
   * Makes an event so, for ever.
   * @throws TidemarkError DEPOSED when another process has written in between.
   */
  async append(event: JobEvent): Promise<JobState> {
    const { store, nonce } = this.options
    const state = applyEvent(this.current, event)
    const n = this.position + 1
    const own = nonce()
    const body = JSON.stringify({ n, nonce: own, event: event.kind, state })
    const data = new TextEncoder().encode(JSON.stringify({ body, crc32: checksum(new TextEncoder().encode(body)) }))
    if ((await store.create(logEntryPath(n), data)) === 'exists') {
      // A create whose reply was lost looks like this too: then the entry carries our nonce.
      const found = await readEntry(store, n)
      if (found?.nonce !== own) throw deposed(store)
    }
    const highest = await highestPosition(store)
    if (highest !== n) throw deposed(store)
    this.position = n
    this.current = state
    if (n > KEPT_ENTRIES) await store.delete(logEntryPath(n - KEPT_ENTRIES))
    return state
  }
}

async function highestPosition(store: ObjectStore): Promise<number | undefined> {
  let highest: number | undefined
  for (const name of await store.list(LOG_PREFIX)) {
    const position = logPosition(name)
    if (position !== undefined && (highest === undefined || position > highest)) highest = position
  }
  return highest
}

async function readEntry(
  store: ObjectStore,
  n: number,
): Promise<{ readonly nonce: string; readonly state: JobState } | undefined> {
  const data = await store.read(logEntryPath(n))
  if (!data) return undefined
  const parsed = logEntrySchema.safeParse(new TextDecoder().decode(data))
  if (!parsed.success) throw corrupt(store, n, parsed.error.issues[0]?.message ?? 'its form is wrong')
  return parsed.data
}

function deposed(store: ObjectStore): TidemarkError {
  return new TidemarkError({
    code: 'DEPOSED',
    domain: 'coordination',
    message: `another process has taken over the job in ${store.location}: this one stops and changes nothing more`,
  })
}

function corrupt(store: ObjectStore, n: number, why: string): TidemarkError {
  return new TidemarkError({
    code: 'LOG_CORRUPT',
    domain: 'storage',
    message: `${logEntryPath(n)} in ${store.location} is not a log entry: ${why}`,
  })
}
