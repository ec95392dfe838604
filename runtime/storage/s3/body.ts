import { checksum } from '../checksum.js'
import { type Attempt, badReply } from './requests.js'

interface ObjectReply {
  readonly Body?: { transformToByteArray(): Promise<Uint8Array> } | undefined
  readonly ContentLength?: number | undefined
  readonly ContentType?: string | undefined
  readonly ChecksumCRC32?: string | undefined
  readonly ChecksumType?: string | undefined
}

/**
 * The bytes of a reply, when they have the length, and the CRC-32 where the server keeps one, that it announced.
 * @throws TidemarkError that says that another attempt may help
 */
export async function readBody(
  reply: ObjectReply,
  attempt: Attempt,
  options: { readonly isPart: boolean },
): Promise<Uint8Array> {
  const { Body, ContentLength, ContentType, ChecksumCRC32, ChecksumType } = reply
  // No object of ours is XML: it is the text of an error that came with status 200.
  if (ContentType === 'application/xml') throw badReply('the reply is XML, not the object')
  if (ContentLength !== undefined) attempt.allow(ContentLength)
  const data = (await Body?.transformToByteArray()) ?? new Uint8Array()
  if (ContentLength !== undefined && data.length !== ContentLength) {
    throw badReply(`the body has ${data.length} bytes, not ${ContentLength}`)
  }
  // What a copy wrote in parts has a checksum of the parts' checksums.
  if (options.isPart || ChecksumCRC32 === undefined || ChecksumType === 'COMPOSITE') return data
  const found = crc32Header(data)
  if (found !== ChecksumCRC32) throw badReply(`the body has the CRC-32 ${found}, not ${ChecksumCRC32}`)
  return data
}

/** As S3 writes it: base64 of the four bytes, big endian. */
export function crc32Header(data: Uint8Array): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(checksum(data))
  return bytes.toString('base64')
}
