import { crc32 } from 'node:zlib'
import type { JsonObject } from '../request.js'

/*
 * `application/vnd.amazon.eventstream`, as Smithy's specification has it ("Amazon Event Stream Specification"): lengths of
 * the whole and of the headers, a checksum of these two, headers, payload, a checksum of all before it. Big endian.
 */
export const EVENT_STREAM_TYPE = 'application/vnd.amazon.eventstream'

const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
const STRING_TYPE = 7

/** One event: `initial-response`, or a member of the stream's union. */
export function eventMessage(type: string, content: JsonObject): Buffer {
  const headers = { ':message-type': 'event', ':event-type': type, ':content-type': 'application/json' }
  return message(headers, Buffer.from(JSON.stringify(content)))
}

/** An exception of the service, which ends the stream. */
export function exceptionMessage(type: string, text: string): Buffer {
  const headers = { ':message-type': 'exception', ':exception-type': type, ':content-type': 'application/json' }
  return message(headers, Buffer.from(JSON.stringify({ message: text })))
}

function message(headers: Readonly<Record<string, string>>, payload: Buffer): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)))
  const bytes = Buffer.allocUnsafe(PRELUDE_BYTES + head.length + payload.length + CHECKSUM_BYTES)
  bytes.writeUInt32BE(bytes.length, 0)
  bytes.writeUInt32BE(head.length, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8)
  head.copy(bytes, PRELUDE_BYTES)
  payload.copy(bytes, PRELUDE_BYTES + head.length)
  const end = bytes.length - CHECKSUM_BYTES
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end)
  return bytes
}

function header(name: string, value: string): Buffer {
  const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)]
  const lengths = Buffer.allocUnsafe(3)
  lengths.writeUInt8(STRING_TYPE, 0)
  lengths.writeUInt16BE(valueBytes.length, 1)
  return Buffer.concat([Buffer.of(nameBytes.length), nameBytes, lengths, valueBytes])
}
