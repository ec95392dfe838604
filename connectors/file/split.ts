import type { Split } from '../../core/connector.js'

/** A file, and how far it was read. */
export interface FileSplit extends Split {
  /** The path as the job gives it; relative to the working directory unless absolute. */
  readonly path: string
  /** Size when the file was found. The split ends there, whatever is appended later. */
  readonly bytes: number
  /** Where the next record begins, in the decompressed contents. 0: not begun. */
  readonly offset: number
  /** Records read before `offset`, malformed ones included. */
  readonly records: number
}
