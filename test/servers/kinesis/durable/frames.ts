import { crc32 } from 'node:zlib'
import type { NewRecord } from '../store/segment.js'
import type { RecordPlace } from '../store/stream.js'
import type { StreamState } from '../store/stream-state.js'

/*
 * A file is a magic number and frames: the payload's length, its CRC-32, the payload. Numbers are little endian. A payload
 * is a type byte with either the whole state of the stream as JSON, or the records of one call in their order:
 *
 *     shard index u32 | counter f64 | arrival f64 | key length u16 | data length u32 | key | data
 */
const MAGIC = Buffer.from('TMKIN001')
const HEAD_BYTES = 8
const STATE = 1
const RECORDS = 2
const RECORD_HEAD_BYTES = 26
const FIRST_CAPACITY = 64 * 1024

export interface FrameReader {
  state(state: StreamState): void
  record(shardIndex: number, record: NewRecord, place: RecordPlace): void
}

/** Frames on their way to a file. */
export class FrameWriter {
  #bytes = Buffer.allocUnsafe(FIRST_CAPACITY)
  #used = 0
  /** Where the open frame of records begins. */
  #open: number | undefined

  get isEmpty(): boolean {
    return this.#used === 0
  }

  beginFile(): void {
    this.#reserve(MAGIC.length)
    this.#used += MAGIC.copy(this.#bytes, this.#used)
  }

  state(state: StreamState): void {
    this.#endFrame()
    const json = Buffer.from(JSON.stringify(state))
    this.#beginFrame(STATE)
    this.#reserve(json.length)
    this.#used += json.copy(this.#bytes, this.#used)
    this.#endFrame()
  }

  record(shardIndex: number, record: NewRecord, { counter, arrivalMs }: RecordPlace): void {
    if (this.#open === undefined) this.#beginFrame(RECORDS)
    this.#reserve(RECORD_HEAD_BYTES + record.partitionKeyBytes + record.data.length)
    const bytes = this.#bytes
    let at = bytes.writeUInt32LE(shardIndex, this.#used)
    at = bytes.writeDoubleLE(counter, at)
    at = bytes.writeDoubleLE(arrivalMs, at)
    at = bytes.writeUInt16LE(record.partitionKeyBytes, at)
    at = bytes.writeUInt32LE(record.data.length, at)
    at += bytes.write(record.partitionKey, at)
    at += record.data.copy(bytes, at)
    this.#used = at
  }

  /** What was collected, until the next call. Empties this. */
  take(): Buffer {
    this.#endFrame()
    const taken = this.#bytes.subarray(0, this.#used)
    this.#used = 0
    return taken
  }

  #beginFrame(type: number): void {
    this.#reserve(HEAD_BYTES + 1)
    this.#open = this.#used
    this.#used += HEAD_BYTES
    this.#used = this.#bytes.writeUInt8(type, this.#used)
  }

  #endFrame(): void {
    if (this.#open === undefined) return
    const payload = this.#bytes.subarray(this.#open + HEAD_BYTES, this.#used)
    this.#bytes.writeUInt32LE(payload.length, this.#open)
    this.#bytes.writeUInt32LE(crc32(payload), this.#open + 4)
    this.#open = undefined
  }

  #reserve(more: number): void {
    if (this.#used + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#used + more))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }
}

export interface FramesRead {
  /** Where the last whole frame ends. */
  readonly end: number
  /** Whether what follows can be what a killed process left half written: nothing that is whole comes after it. */
  readonly isTail: boolean
}

/** Gives the whole frames of a file to `reader`. */
export function readFrames(file: Buffer, reader: FrameReader): FramesRead {
  if (!file.subarray(0, MAGIC.length).equals(MAGIC)) return { end: 0, isTail: file.length < MAGIC.length }
  let at = MAGIC.length
  while (at + HEAD_BYTES <= file.length) {
    const end = at + HEAD_BYTES + file.readUInt32LE(at)
    if (end > file.length) break
    const payload = file.subarray(at + HEAD_BYTES, end)
    if (payload.length === 0 || crc32(payload) !== file.readUInt32LE(at + 4)) {
      return { end: at, isTail: end === file.length }
    }
    if (payload[0] === STATE)
      reader.state(JSON.parse(payload.toString('utf8', 1)) as StreamState) // its checksum fits
    else readRecords(payload, reader)
    at = end
  }
  return { end: at, isTail: true }
}

function readRecords(payload: Buffer, reader: FrameReader): void {
  for (let at = 1; at < payload.length; ) {
    const shardIndex = payload.readUInt32LE(at)
    const place = { counter: payload.readDoubleLE(at + 4), arrivalMs: payload.readDoubleLE(at + 12) }
    const partitionKeyBytes = payload.readUInt16LE(at + 20)
    const keyStart = at + RECORD_HEAD_BYTES
    const dataStart = keyStart + partitionKeyBytes
    const end = dataStart + payload.readUInt32LE(at + 22)
    const partitionKey = payload.toString('utf8', keyStart, dataStart)
    reader.record(shardIndex, { partitionKey, partitionKeyBytes, data: payload.subarray(dataStart, end) }, place)
    at = end
  }
}
