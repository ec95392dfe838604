/** A record as it lies in a shard. `counter` is the order-giving part of its sequence number. */
export interface StoredRecord {
  readonly counter: number
  readonly arrivalMs: number
  readonly partitionKey: string
  readonly dataBase64: string
  /** Data and partition key, which is what the limits of Kinesis count. */
  readonly bytes: number
}

export interface NewRecord {
  readonly partitionKey: string
  readonly partitionKeyBytes: number
  readonly data: Buffer
}

const KEY_LENGTH_BYTES = 2

/**
 * A run of records packed into one buffer: per record two bytes of key length, the key in UTF-8, the data. An object and a
 * Buffer for each record would cost some 250 bytes beside key and data; this costs about 50.
 */
export class Segment {
  readonly #bytes: Buffer
  readonly #counters: number[] = []
  readonly #arrivals: number[] = []
  readonly #ends: number[] = []
  #used = 0

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
  }

  static bytesNeeded(record: NewRecord): number {
    return KEY_LENGTH_BYTES + record.partitionKeyBytes + record.data.length
  }

  get length(): number {
    return this.#counters.length
  }

  get capacity(): number {
    return this.#bytes.length
  }

  hasRoomFor(record: NewRecord): boolean {
    return this.#used + Segment.bytesNeeded(record) <= this.#bytes.length
  }

  append(record: NewRecord, counter: number, arrivalMs: number): void {
    let at = this.#bytes.writeUInt16LE(record.partitionKeyBytes, this.#used)
    at += this.#bytes.write(record.partitionKey, at)
    at += record.data.copy(this.#bytes, at)
    this.#used = at
    this.#counters.push(counter)
    this.#arrivals.push(arrivalMs)
    this.#ends.push(at)
  }

  counterAt(index: number): number {
    return this.#counters[index]!
  }

  arrivalAt(index: number): number {
    return this.#arrivals[index]!
  }

  bytesAt(index: number): number {
    return this.#ends[index]! - this.#startOf(index) - KEY_LENGTH_BYTES
  }

  recordAt(index: number): StoredRecord {
    const start = this.#startOf(index)
    const keyStart = start + KEY_LENGTH_BYTES
    const dataStart = keyStart + this.#bytes.readUInt16LE(start)
    const end = this.#ends[index]!
    return {
      counter: this.#counters[index]!,
      arrivalMs: this.#arrivals[index]!,
      partitionKey: this.#bytes.toString('utf8', keyStart, dataStart),
      dataBase64: this.#bytes.toString('base64', dataStart, end),
      bytes: end - keyStart,
    }
  }

  /** The first index whose counter is at least `counter`; the length if there is none. */
  indexOfCounter(counter: number): number {
    return lowerBound(this.#counters, counter)
  }

  indexOfArrival(arrivalMs: number): number {
    return lowerBound(this.#arrivals, arrivalMs)
  }

  #startOf(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1]!
  }
}

function lowerBound(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
