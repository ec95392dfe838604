import type { DeadLetter, MalformedPolicy, Polled } from '../connector.js'
import { messageOf, TidemarkError } from '../errors.js'
import type { Offset } from '../origin.js'
import type { Decoder, RecordMeta } from './decoder.js'
import type { RecordPiece } from './many-decoder.js'

export interface RecordDecodingOptions<T, Input = Uint8Array> {
  readonly decoder: Decoder<T, Input>
  readonly policy: MalformedPolicy
  readonly operatorId: string
  /** Epoch milliseconds: when a record is rejected. */
  readonly now: () => number
  /** Whether the values carry their `arrivedAt` as timestamps. Then every record must have one. Default false. */
  readonly arrivalTimestamps?: boolean
}

/** A record's place, for a source whose offsets are numbers: it spares making a text of each. */
export interface RecordPlace extends RecordMeta {
  readonly position?: number
}

/** The bytes of a record, for a dead letter. A function is called only when there is one. */
export type RawRecord = Uint8Array | (() => Uint8Array)

/**
 * What one `poll` of a byte source collects: values, dead letters, and a count of what was skipped. Every record
 * given to it ends in exactly one of the three, or stops the job (policy `fail`). Counting is the engine's part: it
 * sees `rejected` and `skipped`.
 */
export class RecordDecoding<T, Input = Uint8Array> {
  readonly #decoder: Decoder<T, Input>
  readonly #policy: MalformedPolicy
  readonly #operatorId: string
  readonly #now: () => number
  readonly #arrivalTimestamps: boolean
  #values: T[] = []
  #timestamps: number[] = []
  #offsets: Offset[] = []
  #rejected: DeadLetter[] = []
  #skipped = 0

  constructor(options: RecordDecodingOptions<T, Input>) {
    this.#decoder = options.decoder
    this.#policy = options.policy
    this.#operatorId = options.operatorId
    this.#now = options.now
    this.#arrivalTimestamps = options.arrivalTimestamps ?? false
  }

  /** Records taken since the last `take`, whatever became of them. */
  get size(): number {
    return this.#values.length + this.#rejected.length + this.#skipped
  }

  /**
   * @param raw what a dead letter keeps of the record: its bytes (copied)
   * @throws TidemarkError RECORD_MALFORMED (or the decoder's own code) under policy `fail`
   */
  decode(input: Input, meta: RecordPlace, raw: RawRecord): void {
    let value: T
    try {
      value = this.#decoder(input, meta)
    } catch (thrown) {
      this.rejectThrown(thrown, meta, raw)
      return
    }
    this.#accept(value, meta)
  }

  /** One value of a record that holds several. The place is the piece's own; so is what a dead letter keeps. */
  decodePiece<R extends RecordPlace>(piece: RecordPiece<T, R>, meta: R): void {
    let value: T
    try {
      value = piece.decode(meta)
    } catch (thrown) {
      this.#reject(problemOf(thrown), meta, { raw: () => piece.bytes, isPart: true })
      return
    }
    this.#accept(value, meta)
  }

  #accept(value: T, meta: RecordPlace): void {
    if (value instanceof Promise) {
      value.catch(() => undefined)
      throw new TidemarkError({
        code: 'DECODER_ASYNC',
        domain: 'user',
        operatorId: this.#operatorId,
        message: `source '${this.#operatorId}': the decoder returned a promise; a decoder returns the value itself`,
      })
    }
    this.#values.push(value)
    this.#offsets.push(meta.position ?? meta.offset)
    if (this.#arrivalTimestamps) this.#timestamps.push(arrivalOf(meta, this.#operatorId))
  }

  /** For what the source itself finds wrong with a record (too large, broken framing). */
  reject(problem: RecordProblem, meta: RecordMeta, raw: RawRecord): void {
    this.#reject(problem, meta, { raw, isPart: false })
  }

  /** For what a decoder threw. */
  rejectThrown(thrown: unknown, meta: RecordMeta, raw: RawRecord): void {
    this.#reject(problemOf(thrown), meta, { raw, isPart: false })
  }

  #reject(problem: RecordProblem, meta: RecordMeta, kept: { readonly raw: RawRecord; readonly isPart: boolean }): void {
    const { raw, isPart } = kept
    switch (this.#policy) {
      case 'skip':
        this.#skipped++
        return
      case 'deadLetter':
        this.#rejected.push({
          operatorId: this.#operatorId,
          split: meta.split,
          offset: meta.offset,
          code: problem.code,
          message: problem.message,
          raw: new Uint8Array(typeof raw === 'function' ? raw() : raw),
          isPart,
          arrivedAt: meta.arrivedAt,
          partitionKey: meta.partitionKey,
          explicitHashKey: meta.explicitHashKey,
          rejectedAt: this.#now(),
        })
        return
      case 'fail': {
        const location = `split ${meta.split}, offset ${meta.offset}`
        throw new TidemarkError({
          code: problem.code,
          domain: 'user',
          operatorId: this.#operatorId,
          location,
          message:
            `source '${this.#operatorId}', ${location}: ${problem.message}. ` +
            `Correct the data, or choose onMalformed 'deadLetter' or 'skip'`,
          cause: problem.cause,
        })
      }
    }
  }

  /** Everything since the last call; undefined when there was nothing. */
  take(): Polled<T> | undefined {
    if (this.size === 0) return undefined
    const polled: Polled<T> = {
      values: this.#values,
      offsets: this.#offsets,
      ...(this.#arrivalTimestamps && { timestamps: this.#timestamps }),
      ...(this.#rejected.length > 0 && { rejected: this.#rejected }),
      ...(this.#skipped > 0 && { skipped: this.#skipped }),
    }
    this.#values = []
    this.#timestamps = []
    this.#offsets = []
    this.#rejected = []
    this.#skipped = 0
    return polled
  }
}

export interface RecordProblem {
  /** `RECORD_MALFORMED`, or what the decoder's own TidemarkError says. */
  readonly code: string
  readonly message: string
  readonly cause?: unknown
}

function problemOf(thrown: unknown): RecordProblem {
  const code = thrown instanceof TidemarkError ? thrown.code : 'RECORD_MALFORMED'
  // About the schema, not about this record: no policy applies.
  if (code === 'SCHEMA_ASYNC') throw thrown
  return { code, message: messageOf(thrown), cause: thrown }
}

function arrivalOf(meta: RecordMeta, operatorId: string): number {
  if (meta.arrivedAt !== undefined) return meta.arrivedAt
  throw new TidemarkError({
    code: 'ARRIVAL_TIME_MISSING',
    domain: 'connector',
    operatorId,
    location: `split ${meta.split}, offset ${meta.offset}`,
    message: `source '${operatorId}': the record at ${meta.offset} of ${meta.split} has no arrival time`,
  })
}
