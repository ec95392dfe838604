import type { CommitPoint } from '../../../core/connector.js'
import type { FileFacts } from './entries.js'

/*
 * What a sink of files needs of the place where they lie. A folder and S3 are two.
 */

/** A file of a writer. Nobody else sees it. */
export interface FileToBegin {
  /** '' or `a/b/`. */
  readonly folder: string
  /** Tells it from the others of the same subtask and generation. */
  readonly number: number
  /** The checkpoint that was prepared last when it began, 0 for none: later ones contain its rows. */
  readonly after: number
}

/** Of a file that ended: where it will appear, and what is needed for that. Plain data, checked by the committer. */
export type Finished = object

/** Of a file that goes on after a checkpoint: what completes it as it was then. Plain data. */
export type Suspended = object

/** An unfinished file. Calls do not overlap; the first may fail with what any earlier one began. */
export interface UnfinishedFile {
  /** The pieces belong to the file from here on, and count among what the storage holds until they are stored. */
  append(pieces: readonly Uint8Array[]): Promise<void>
  /** Bytes that it waits with, since they are too few to be stored. */
  readonly waitingBytes: number
  /** Everything appended is durable, or in what is returned. The file goes on. `id` is what `OutputPlace.sweep` knows it by. */
  suspend(): Promise<{ readonly id: string; readonly state: Suspended }>
  /** Everything appended is durable. Where it will appear may name the checkpoint that shows it. */
  finish(): Promise<(checkpointId: number) => Finished>
  /** Removes it. May follow a failure of anything above. */
  discard(): Promise<void>
  /** Leaves it to whoever has it from a checkpoint. May follow a failure of anything above. */
  leave(): Promise<void>
}

/** The place of one subtask's unfinished files. */
export interface SinkStorage {
  begin(file: FileToBegin): UnfinishedFile
  /** Finishes, as a file of its own, what an earlier generation suspended: its writer may still be at it. */
  resume(suspended: unknown, file: FileToBegin): Promise<(checkpointId: number) => Finished>
  /** Bytes that its files hold in memory. */
  readonly heldBytes: number
  readonly agreement: Agreement
  /** The last step before a checkpoint has what was finished. */
  sync(): Promise<void>
  /** Ends what is under way: what is to be discarded is not waited for. */
  interrupt(): void
  close(): void | Promise<void>
}

/** Where committed files are, and what is not committed yet. */
export interface OutputPlace<F extends FileFacts> {
  /** @throws TidemarkError COMMITTABLE_INVALID */
  parse(committable: unknown): F
  /** For messages. */
  nameOf(file: F): string
  /** Each appears whole, under a name that is its own. May be called again, by another process too. */
  show(files: readonly F[]): Promise<void>
  /** Removes the unfinished files of earlier generations of this lineage but those. */
  sweep(kept: ReadonlySet<string>): Promise<void>
  /** Says to readers that nothing more comes to a folder, unless late. */
  mark(folder: string): Promise<void>
  readonly ledger: LedgerPlace | undefined
  readonly agreement: Agreement
  committedAfter(point: CommitPoint): Promise<string | undefined>
  close(): void
}

/** A text of the sink that is written once, whoever of its subtasks and generations is first. */
export interface Agreement {
  /** Where it is, for messages. */
  readonly name: string
  read(): Promise<string | undefined>
  /** Writes it unless there is one. Returns what is there. */
  create(text: string): Promise<string>
}

/** What commits have to know of those before them, in other processes too. */
export interface Ledger {
  readonly version: 1
  /** Of the newest commit. */
  readonly generation: number
  readonly checkpointId: number
  /** Files that went on after it. */
  readonly open: readonly string[]
  /** The newest commit that made a file visible, and one of its files. */
  readonly visible: { readonly generation: number; readonly checkpointId: number; readonly name: string } | undefined
  /** Partitions that may not have been marked yet, and when they end. */
  readonly partitions: readonly (readonly [folder: string, endsAt: number])[]
}

export interface LedgerPlace {
  /** The newest one of a lineage. */
  read(lineage: string): Promise<Ledger | undefined>
  write(ledger: Ledger): Promise<void>
}
