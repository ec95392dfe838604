import type { CommitPoint, Committer, CommitterContext } from '../../../core/connector.js'
import { TidemarkError } from '../../../core/errors.js'
import { type Entry, type FileFacts, isAgreed, type OpenEntry, type ProgressEntry, parseEntry } from './entries.js'
import type { Ledger, OutputPlace } from './storage.js'

/**
 * Makes finished files visible, wherever they lie. In an order in which each step can be repeated:
 * 0. where the format is one that was agreed on: that it is this one. A savepoint may have been restored to another place
 * 1. the ledger: what goes on may not be swept, and that something becomes visible is known before it is
 * 2. the files
 * 3. the marks of partitions that are over
 */
export class StagedCommitter<F extends FileFacts> implements Committer {
  readonly #context: CommitterContext
  readonly #place: OutputPlace<F>
  /** Whether the format of the sink is agreed on. */
  readonly #keepsAgreement: boolean
  /** What the place is known to have. */
  #agreed: string | undefined
  /** The last one that this process wrote. */
  #written: Ledger | undefined
  /** Marked since then. */
  readonly #marked = new Set<string>()

  constructor(context: CommitterContext, place: OutputPlace<F>, keepsAgreement: boolean) {
    this.#context = context
    this.#place = place
    this.#keepsAgreement = keepsAgreement
  }

  async commit(committables: readonly unknown[]): Promise<void> {
    const files: F[] = []
    const entries: Entry[] = []
    for (const found of committables) {
      if (isAgreed(found)) {
        if (this.#keepsAgreement) await this.#keep(found.text)
        continue
      }
      const entry = parseEntry(found, this.#context.operatorId)
      if (entry) entries.push(entry)
      else files.push(this.#place.parse(found))
    }
    const newest = newestOf([...files, ...entries])
    if (newest === undefined) return
    const current = entries.filter((entry) => isSame(entry, newest))
    const ledger = await this.#note(newest, { files, entries, current })
    await this.#place.show(files)
    await this.#mark(ledger, current)
  }

  async sweep(): Promise<void> {
    const ledger = this.#written ?? (await this.#place.ledger?.read(this.#context.lineage))
    await this.#place.sweep(new Set(ledger?.open))
  }

  committedAfter(point: CommitPoint): Promise<string | undefined> {
    return this.#place.committedAfter(point)
  }

  close(): void {
    this.#place.close()
  }

  /** @throws TidemarkError SCHEMA_CONFLICT */
  async #keep(agreed: string): Promise<void> {
    if (agreed === this.#agreed) return
    const { agreement } = this.#place
    const found = await agreement.create(agreed)
    if (found !== agreed) {
      const { operatorId } = this.#context
      throw new TidemarkError({
        code: 'SCHEMA_CONFLICT',
        domain: 'user',
        operatorId,
        message:
          `sink '${operatorId}': ${agreement.name} has another schema than the checkpoint: what is there was written by ` +
          'another run. Let the sink write to another place, or move that output away, this file too',
      })
    }
    this.#agreed = agreed
  }

  async #note(newest: Moment, found: Found<F>): Promise<Ledger | undefined> {
    const { ledger: place } = this.#place
    if (place === undefined) return undefined
    const before = this.#written ?? (await place.read(this.#context.lineage))
    const partitions = new Map(before?.partitions.filter(([folder]) => !this.#marked.has(folder)))
    // Also of checkpoints that were not completed: their files are here.
    for (const entry of found.entries) {
      if (entry.kind === 'progress') for (const [folder, endsAt] of entry.begun) partitions.set(folder, endsAt)
    }
    const [first] = found.files
    const ledger: Ledger = {
      version: 1,
      generation: newest.generation,
      checkpointId: newest.checkpointId,
      open: found.current.flatMap((entry) => (entry.kind === 'open' ? [entry.id] : [])),
      visible: first ? { ...newest, name: this.#place.nameOf(first) } : before?.visible,
      partitions: [...partitions],
    }
    await place.write(ledger)
    this.#written = ledger
    this.#marked.clear()
    return ledger
  }

  async #mark(ledger: Ledger | undefined, current: readonly Entry[]): Promise<void> {
    const progress = current.filter((entry): entry is ProgressEntry => entry.kind === 'progress')
    if (ledger === undefined || progress.length === 0) return
    const watermark = Math.min(...progress.map((entry) => entry.watermark))
    const goesOn = new Set(
      current.filter((entry): entry is OpenEntry => entry.kind === 'open').map(({ folder }) => folder),
    )
    for (const [folder, endsAt] of ledger.partitions) {
      // A watermark w says: nothing at w or before it follows.
      if (endsAt - 1 > watermark || goesOn.has(folder)) continue
      await this.#place.mark(folder)
      this.#marked.add(folder)
    }
  }
}

type Moment = Pick<FileFacts, 'generation' | 'checkpointId'>

interface Found<F> {
  readonly files: readonly F[]
  readonly entries: readonly Entry[]
  /** Of the newest checkpoint: what those that failed before it say of open files is over. */
  readonly current: readonly Entry[]
}

function newestOf(moments: readonly Moment[]): Moment | undefined {
  let newest: Moment | undefined
  for (const { generation, checkpointId } of moments) {
    const moment = { generation, checkpointId }
    if (newest === undefined || isLater(moment, newest)) newest = moment
  }
  return newest
}

function isSame(left: Moment, right: Moment): boolean {
  return left.generation === right.generation && left.checkpointId === right.checkpointId
}

/** A later generation may have used the ids of an earlier one again. */
export function isLater(moment: Moment, than: Moment): boolean {
  if (moment.generation !== than.generation) return moment.generation > than.generation
  return moment.checkpointId > than.checkpointId
}
