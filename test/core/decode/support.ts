import type { ManyDecoder } from '../../../core/decode/index.js'

export const META = { split: 's', offset: '7', arrivedAt: undefined }

export const bytes = (content: string): Uint8Array => new TextEncoder().encode(content)

export function valuesOf<T>(decoder: ManyDecoder<T>, record: Uint8Array): T[] {
  const values: T[] = []
  for (const piece of decoder.pieces(record, META)) values.push(piece.decode(META))
  return values
}
