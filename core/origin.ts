/** Where a record lies in its split, in its connector's own terms: a sequence number, a byte offset, an index. */
export type Offset = string | number

/**
 * Where the rows of a batch were read: what an error says about them. A poll makes one, and the batches made of its
 * rows share it. It follows the rows wherever a batch is made of the rows of one other: `map`, `filter`, `keyBy`, a
 * running `reduce`, `flatMap`, `process`, an exchange. It ends where rows come of many: at a window's results, at what
 * a timer emits. While rows are one to one with those polled (`first` is there) a row has an exact offset; behind a
 * `filter` that dropped some, a `flatMap` or an exchange by key only the range of the poll's offsets is known: keeping
 * more would cost every record something for an error that may never come.
 */
export class Origin {
  readonly split: string
  /** Of each row polled; undefined where the source gives none. */
  readonly offsets: readonly Offset[] | undefined
  /** Which of the rows polled is the batch's first; undefined when the batch has some of them, or several of one. */
  readonly first: number | undefined

  private constructor(split: string, offsets: readonly Offset[] | undefined, first: number | undefined) {
    this.split = split
    this.offsets = offsets
    this.first = first
  }

  static ofPoll(split: string, offsets?: readonly Offset[]): Origin {
    return new Origin(split, offsets, 0)
  }

  /** Of what remains of the batch from `row` on. */
  from(row: number): Origin {
    if (row === 0 || this.first === undefined) return this
    return new Origin(this.split, this.offsets, this.first + row)
  }

  /** Of a batch whose rows are no longer one to one with the rows of the batch that had this. */
  scattered(): Origin {
    return this.first === undefined ? this : new Origin(this.split, this.offsets, undefined)
  }

  /** The offset of a row, undefined when it is not known exactly. */
  offsetOf(row: number): Offset | undefined {
    return this.first === undefined ? undefined : this.offsets?.[this.first + row]
  }

  /** `split a, offset 17`, or as much as is known of it. */
  describe(row: number): string {
    const split = `split ${this.split}`
    const offset = this.offsetOf(row)
    if (offset !== undefined) return `${split}, offset ${offset}`
    const { offsets } = this
    const polled = offsets === undefined || offsets.length === 0 ? '' : `, ${rangeOf(offsets)}`
    return `${split}${polled}, record ${row} of its batch`
  }
}

function rangeOf(offsets: readonly Offset[]): string {
  const [first] = offsets
  return offsets.length === 1 ? `offset ${first}` : `one of offsets ${first} to ${offsets[offsets.length - 1]}`
}
