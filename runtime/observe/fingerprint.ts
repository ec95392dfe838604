import { createHash } from 'node:crypto'

/** A graph's fingerprint is a text of many lines; this stands for it where one word has to do. */
export function shortFingerprint(fingerprint: string): string {
  return createHash('sha256').update(fingerprint).digest('hex').slice(0, 16)
}
