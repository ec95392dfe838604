import { crc32 } from 'node:zlib'

/** The bytes of savepoint.json for a manifest. */
export function sealed(manifest: unknown): Uint8Array {
  const body = JSON.stringify(manifest)
  return new TextEncoder().encode(JSON.stringify({ body, crc32: crc32(body) }))
}
