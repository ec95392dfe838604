/*
 * An aggregated record (KPL, "aggregation-format.md" of awslabs/amazon-kinesis-producer): the magic number, a protobuf
 * message, the MD5 of that message.
 *
 *   message AggregatedRecord { repeated string partition_key_table = 1; repeated string explicit_hash_key_table = 2;
 *                              repeated Record records = 3; }
 *   message Record { required uint64 partition_key_index = 1; optional uint64 explicit_hash_key_index = 2;
 *                    required bytes data = 3; repeated Tag tags = 4; }
 *
 * Tags are used by nobody; they are passed over as unknown fields are.
 */
export const MAGIC = Uint8Array.of(0xf3, 0x89, 0x9a, 0xc2)
export const MD5_BYTES = 16

/** A field's number, and the wire type that its values have. */
const field = (number: number, wireType: number): number => (number << 3) | wireType

export const VARINT = 0
export const FIXED64 = 1
export const DELIMITED = 2
export const FIXED32 = 5

export const PARTITION_KEYS = field(1, DELIMITED)
export const HASH_KEYS = field(2, DELIMITED)
export const RECORDS = field(3, DELIMITED)

export const PARTITION_KEY_INDEX = field(1, VARINT)
export const HASH_KEY_INDEX = field(2, VARINT)
export const DATA = field(3, DELIMITED)

/** Bytes that a number takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

/** Returns the offset behind it. */
export function writeVarint(target: Uint8Array, value: number, offset: number): number {
  let at = offset
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) target[at++] = (rest & 0x7f) | 0x80
  target[at++] = rest
  return at
}
