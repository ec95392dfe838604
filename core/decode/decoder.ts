/** Where a record comes from. A source may reuse the object for the next record: copy what you keep. */
export interface RecordMeta {
  readonly split: string
  /** The position in the split, as text: a sequence number, a byte offset. */
  readonly offset: string
  /** When the outside system received the record, epoch milliseconds, where it says so. */
  readonly arrivedAt: number | undefined
  readonly partitionKey?: string | undefined
  /** What a producer gave to say where the record goes, where that can be known. */
  readonly explicitHashKey?: string | undefined
}

/**
 * Turns the bytes of one record into a value; `bytes` are valid only during the call. Whatever it throws makes the
 * record malformed (a schema that validates asynchronously can decode none, and stops the job).
 * `Input` is something else than bytes where a format has parsed them already (the fields of a CSV row).
 */
export type Decoder<out T, in Input = Uint8Array> = (input: Input, record: RecordMeta) => T
