import type { Decoder, RecordProblem } from '../../core/decode/index.js'
import type { TidemarkError } from '../../core/errors.js'

/** One record of a file, cut out but not decoded. */
export interface Frame {
  /** Where the record begins and the next one does, in the decompressed contents. */
  readonly start: number
  readonly end: number
  /** Without the line's end. Of a record that is too large only the first bytes. */
  readonly bytes: Uint8Array
  /** What is wrong with it already. */
  problem?: RecordProblem
  /** Not a record: an empty line. */
  blank?: boolean
  /** The fields of a CSV row. */
  fields?: readonly string[]
}

/** Decodes the records of one file. */
export interface FrameDecoder<out T> {
  /** Called for each run of frames as it is read, before `decode`. */
  prepare?(frames: readonly Frame[]): void
  readonly decode: Decoder<T, Frame>
}

/** How a file is read. Made by `jsonLines`, `csv`, `textLines`. */
export interface FileSourceFormat<out T> {
  readonly name: string
  /** Whether a line's end between double quotes belongs to the record. */
  readonly quoted: boolean
  /** Whether the first record names the columns. */
  readonly header: boolean
  /**
   * @param header the first record where `header` is true; undefined when the file is empty
   * @throws TidemarkError when the header does not do
   */
  open(header: Frame | undefined): FrameDecoder<T>
}

/**
 * Bytes, or, where encoding them holds the event loop for long, a function that does so: it is called later, in order, in
 * a turn of its own.
 */
export type EncodedPiece = Uint8Array | (() => Uint8Array)

/** Makes the bytes of one output file. Calls do not overlap. */
export interface FileEncoder<in T> {
  /**
   * Takes one row, or throws and has not taken it.
   * @throws TidemarkError ROW_INVALID when the row does not fit the format
   */
  add(row: T): void
  /** Bytes held since the last `take`: exact or estimated. */
  readonly pendingBytes: number
  /** Whether enough is held to be encoded. */
  readonly ready: boolean
  /** Hands over what is held. */
  take(): EncodedPiece
  /** What closes the file: the rest of the rows, a footer. */
  end(): EncodedPiece
}

/** How a file is written. Made by `jsonLines`, `csv`, `rawLines`, `parquetFormat`. */
export interface FileSinkFormat<in T> {
  readonly name: string
  /** The end of the file's name, with the dot. */
  readonly extension: string
  /** The whole is there only at its end: a file ends at every checkpoint. Default false. */
  readonly hasFooter?: boolean
  /** It compresses by itself, so that `compression` does not go with it. Default false. */
  readonly isCompressed?: boolean
  /** Where the first rows decide the format: the files are of the format that `fixed` gives then. */
  readonly inference?: FormatInference<T>
  /** Called before the first file: loads what the format needs, and gives what makes an encoder for each file. */
  load(): Promise<() => FileEncoder<T>>
}

/** How a format that depends on the rows is fixed, once for a sink: all its subtasks and generations write the same. */
export interface FormatInference<in T> {
  /** So many are looked at, unless there is no waiting for them, or they leave something open. */
  readonly rows: number
  begin(): FormatSample<T>
  /**
   * @param agreed what some sample of the sink has as its result
   * @param place where it is kept, for messages
   * @throws TidemarkError when it is damaged, or not what the job declares
   */
  fixed(agreed: string, place: string): FileSinkFormat<T>
}

/** What was seen of the first rows. */
export interface FormatSample<in T> {
  /** Looks at a row; what is returned is wrong with it, and then it tells nothing. */
  look(row: T): TidemarkError | undefined
  /** Rows that told something. */
  readonly rows: number
  /** Of all rows that were looked at, about. */
  readonly bytes: number
  /**
   * Or what these rows leave open, and others may tell.
   * @throws TidemarkError when no others could
   */
  result(): string | TidemarkError
}
