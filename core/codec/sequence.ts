import { TidemarkError } from '../errors.js'
import { ByteWriter } from './byte-writer.js'
import { corrupt, Decoder } from './decode.js'
import { Encoder } from './encode.js'
import { ABSENT_MARK } from './format.js'
import { NotSerializable, notSerializable } from './not-serializable.js'

/** Stands in a sequence where there is no value: a deletion. Not a value itself. */
export const ABSENT: unique symbol = Symbol('absent')

const INITIAL_SIZE = 1024

/** Values one behind the other, with one list of shapes: many small values of one form take little room. */
export class SequenceEncoder {
  private readonly writer = new ByteWriter(INITIAL_SIZE)
  private encoder = new Encoder(this.writer)

  /** In bytes, so far. */
  get length(): number {
    return this.writer.length
  }

  /** @throws TidemarkError STATE_NOT_SERIALIZABLE; the sequence is then of no use. */
  value(value: unknown): void {
    try {
      this.encoder.value(value, 0)
    } catch (error) {
      throw error instanceof NotSerializable ? notSerializable(value) : error
    }
  }

  absent(): void {
    this.writer.mark(ABSENT_MARK, 0)
  }

  /** What was written; the encoder begins a new sequence. */
  take(): Uint8Array {
    this.encoder = new Encoder(this.writer)
    return this.writer.take()
  }
}

/** Reads a sequence value by value, within the limits of `decode`. */
export class SequenceDecoder {
  private readonly decoder: Decoder

  constructor(bytes: Uint8Array) {
    this.decoder = new Decoder(bytes)
  }

  get hasMore(): boolean {
    return this.decoder.hasMore
  }

  /** @throws TidemarkError CHECKPOINT_CORRUPT, naming the offset */
  value(): unknown {
    try {
      return this.decoder.value(0)
    } catch (error) {
      if (error instanceof TidemarkError) throw error
      throw corrupt(this.decoder.offset, 'malformed data', error)
    }
  }

  valueOrAbsent(): unknown {
    return this.decoder.takeAbsent() ? ABSENT : this.value()
  }
}
