/** Geohashes packed into numbers, for the page's data. */

const alphabet = '0123456789bcdefghjkmnpqrstuvwxyz'

/** The geohash as an integer of five bits a character, or undefined if it is none. Exact up to ten characters. */
export function packGeohash(geohash: string): number | undefined {
  if (geohash.length > 10) return undefined
  let packed = 0
  for (const character of geohash) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) return undefined
    packed = packed * 32 + digit
  }
  return packed
}

export function unpackGeohash(packed: number, precision: number): string {
  let text = ''
  let rest = packed
  for (let i = 0; i < precision; i++) {
    text = alphabet.charAt(rest % 32) + text
    rest = Math.floor(rest / 32)
  }
  return text
}
