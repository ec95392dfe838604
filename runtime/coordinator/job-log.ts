import { applyEvent, type JobEvent, type JobState } from '../../core/checkpoint/job-state.js'
import { CHECKPOINTS_PREFIX, LOG_PREFIX, logEntryPath, logPosition } from '../../core/checkpoint/paths.js'
import { TidemarkError } from '../../core/errors.js'
import { checksum } from '../storage/checksum.js'
import type { ObjectStore } from '../storage/object-store.js'
import { logEntrySchema } from '../storage/schemas.js'

/** A list has no checksum: what is listed and cannot be read, or is not listed and must be there, is looked for again. */
const LOOKS = 3

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
 * 3. An error of storage says nothing about what was written: every entry that this log ever attempted at the next n is
 *    remembered, and when it turns up there it is taken for what it is, its own.
 */
export class JobLog {
  private readonly options: JobLogOptions
  private position: number
  private current: JobState | undefined
  private claimed = false
  /** States by nonce, of attempts at the next position whose outcome is unknown. */
  private readonly attempted = new Map<string, JobState>()

  private constructor(options: JobLogOptions, position: number, state: JobState | undefined) {
    this.options = options
    this.position = position
    this.current = state
  }

  /** @throws TidemarkError LOG_CORRUPT when the newest entry cannot be trusted, LOG_MISSING for state without a log. */
  static async open(options: JobLogOptions): Promise<JobLog> {
    const { store } = options
    let highest: number | undefined
    for (let look = 0; look < LOOKS; look++) {
      highest = (await positions(store)).at(-1)
      if (highest !== undefined) {
        const entry = await readEntry(store, highest)
        if (entry) return new JobLog(options, highest, entry.state)
      } else if ((await store.list(CHECKPOINTS_PREFIX)).length === 0) {
        return new JobLog(options, 0, undefined)
      }
    }
    throw highest === undefined ? missing(store) : corrupt(store, highest, 'it is listed but cannot be read')
  }

  /** As of the newest entry that this log has read or written. */
  get state(): JobState | undefined {
    return this.current
  }

  /** This log has written an entry: whoever writes another one now takes the job away. */
  get isClaimed(): boolean {
    return this.claimed
  }

  /**
   * Makes the job this process's own. Whoever runs it goes on writing until then: what it has written meanwhile is read,
   * and the claim is made behind that.
   * @param event for the state that it follows, asked again for each; what it throws refuses the claim
   */
  async claim(event: (state: JobState | undefined) => JobEvent): Promise<JobState> {
    for (;;) {
      try {
        return await this.append(event(this.current))
      } catch (error) {
        if (this.claimed || !(error instanceof TidemarkError) || error.code !== 'DEPOSED') throw error
        await this.readNewest()
      }
    }
  }

  /**
   * Makes an event so, for ever.
   * @throws TidemarkError DEPOSED when another process has written in between.
   */
  async append(event: JobEvent): Promise<JobState> {
    for (;;) {
      const own = this.options.nonce()
      const written = await this.write(own, event, applyEvent(this.current, event))
      if (written === own) return this.current as JobState
      // An earlier attempt had come through after all: the event follows it.
    }
  }

  private async readNewest(): Promise<void> {
    const { position, current } = await JobLog.open(this.options)
    this.position = position
    this.current = current
    this.attempted.clear()
  }

  /** Writes the next entry and returns the nonce of what stands there now: `own`, or one of an earlier attempt. */
  private async write(own: string, event: JobEvent, state: JobState): Promise<string> {
    const { store } = this.options
    const n = this.position + 1
    const body = JSON.stringify({ n, nonce: own, event: event.kind, state })
    const data = new TextEncoder().encode(JSON.stringify({ body, crc32: checksum(new TextEncoder().encode(body)) }))
    this.attempted.set(own, state)
    const nonce = (await this.createOrFind(n, data)) ?? own
    const written = this.attempted.get(nonce)
    if (!written) throw deposed(store)
    const all = await positionsUpTo(store, n)
    this.position = n
    this.current = written
    this.claimed = true
    this.attempted.clear()
    await this.truncate(all.filter((position) => position <= n - KEPT_ENTRIES))
    return nonce
  }

  /** Undefined: created. Else the nonce of the entry that is there. */
  private async createOrFind(n: number, data: Uint8Array): Promise<string | undefined> {
    const { store } = this.options
    try {
      if ((await store.create(logEntryPath(n), data)) === 'created') return undefined
    } catch (error) {
      // Look before deciding: the entry may be there, and only the reply was lost.
      const found = await readEntry(store, n).catch(() => undefined)
      if (found) return found.nonce
      throw error
    }
    return (await readEntry(store, n))?.nonce ?? ''
  }

  /** What cannot be deleted now is deleted behind a later entry. */
  private async truncate(old: readonly number[]): Promise<void> {
    for (const n of old) await this.options.store.delete(logEntryPath(n)).catch(() => undefined)
  }
}

/** @throws TidemarkError DEPOSED when there are later ones */
async function positionsUpTo(store: ObjectStore, n: number): Promise<readonly number[]> {
  for (let look = 0; look < LOOKS; look++) {
    const all = await positions(store)
    const highest = all.at(-1)
    if (highest === n) return all
    if (highest !== undefined && highest > n && (await readEntry(store, highest))) break
  }
  throw deposed(store)
}

/** Of all entries, ascending. */
async function positions(store: ObjectStore): Promise<number[]> {
  const found = (await store.list(LOG_PREFIX)).map(logPosition)
  return found.filter((position) => position !== undefined).sort((a, b) => a - b)
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

function missing(store: ObjectStore): TidemarkError {
  return new TidemarkError({
    code: 'LOG_MISSING',
    domain: 'storage',
    message:
      `${store.location} holds checkpoints, but no log that says which of them count: ` +
      'bring back its log/, or choose an empty place',
  })
}

function corrupt(store: ObjectStore, n: number, why: string): TidemarkError {
  return new TidemarkError({
    code: 'LOG_CORRUPT',
    domain: 'storage',
    message: `${logEntryPath(n)} in ${store.location} is not a log entry: ${why}`,
  })
}
