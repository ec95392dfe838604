import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'

/** A second reading of the format, slow and plain, to compare with. */
export interface ReferenceRecord {
  readonly partitionKey: string
  readonly explicitHashKey: string | undefined
  readonly data: Buffer
}

const MAGIC = Buffer.from('f3899ac2', 'hex')

/** With a checksum that fits, whatever the message is. */
export function sealed(message: Uint8Array): Buffer {
  return Buffer.concat([MAGIC, message, createHash('md5').update(message).digest()])
}

export function unsealed(data: Uint8Array): Buffer {
  return Buffer.from(data.subarray(4, data.length - 16))
}

/** Undefined: a plain record. */
export function referenceDecode(data: Uint8Array): ReferenceRecord[] | undefined {
  const bytes = Buffer.from(data)
  if (bytes.length < 20 || !bytes.subarray(0, 4).equals(MAGIC)) return undefined
  const message = unsealed(bytes)
  if (!createHash('md5').update(message).digest().equals(bytes.subarray(-16))) return undefined
  try {
    const fields = fieldsOf(message)
    const keys = delimited(fields, 1).map(String)
    const hashKeys = delimited(fields, 2).map(String)
    return delimited(fields, 3).map((record) => recordOf(fieldsOf(record), keys, hashKeys))
  } catch {
    return undefined
  }
}

type Field = readonly [number: bigint, type: bigint, value: bigint | Buffer]

function recordOf(fields: Field[], keys: string[], hashKeys: string[]): ReferenceRecord {
  const partitionKey = keys[Number(varints(fields, 1).at(-1))]
  const [data] = delimited(fields, 3).slice(-1)
  if (partitionKey === undefined || data === undefined) throw new RangeError()
  const hashKeyIndex = varints(fields, 2).at(-1)
  if (hashKeyIndex === undefined) return { partitionKey, explicitHashKey: undefined, data }
  // The tables up to the highest index that is used have to be sound; the tests' own tables are used from the start.
  const used = hashKeys.slice(0, Number(hashKeyIndex) + 1)
  if (used.length <= Number(hashKeyIndex) || used.some((key) => !/^\d{1,39}$/.test(key) || BigInt(key) >> 128n > 0n)) {
    throw new RangeError()
  }
  return { partitionKey, explicitHashKey: hashKeys[Number(hashKeyIndex)], data }
}

const varints = (fields: Field[], wanted: number): bigint[] =>
  fields.flatMap(([number, type, value]) =>
    number === BigInt(wanted) && type === 0n && typeof value === 'bigint' ? [value] : [],
  )

const delimited = (fields: Field[], wanted: number): Buffer[] =>
  fields.flatMap(([number, type, value]) =>
    number === BigInt(wanted) && type === 2n && typeof value !== 'bigint' ? [value] : [],
  )

function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++]
      if (byte === undefined) throw new RangeError()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError()
  }
  const take = (length: bigint): Buffer => {
    if (length > BigInt(message.length - at)) throw new RangeError()
    at += Number(length)
    return message.subarray(at - Number(length), at)
  }
  while (at < message.length) {
    const tag = varint()
    const [number, type] = [tag >> 3n, tag & 7n]
    if (number === 0n || tag > 0xffff_ffffn) throw new RangeError()
    if (type === 0n) fields.push([number, type, varint()])
    else if (type === 1n) fields.push([number, type, take(8n)])
    else if (type === 2n) fields.push([number, type, take(varint())])
    else if (type === 5n) fields.push([number, type, take(4n)])
    else throw new RangeError()
  }
  return fields
}

/** What is used of AWS's library: its own types want a version of the SDK that is gone. */
interface AwsAggregation {
  deaggregateSync(
    record: { Data: Uint8Array; PartitionKey: string; SequenceNumber: string },
    checksums: boolean,
    done: (
      error: Error | null | undefined,
      records: { PartitionKey: string; ExplicitPartitionKey?: string; SubSequenceNumber?: number; Data: string }[],
    ) => void,
  ): void
  RecordAggregator: new () => {
    addUserRecord(record: { partitionKey: string; explicitHashKey?: string; data: Uint8Array }): void
    build(): { partitionKey: string; data: Buffer } | undefined
  }
}

export const awsAggregation = createRequire(import.meta.url)('aws-kinesis-agg') as AwsAggregation
