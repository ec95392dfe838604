import { crc32 } from 'node:zlib'

/** CRC-32 (IEEE), unsigned. */
export function checksum(data: Uint8Array): number {
  return crc32(data)
}
