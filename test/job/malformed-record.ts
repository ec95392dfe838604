/** Stands in a scripted source for a record that its decoder could not read. */
export class MalformedRecord {
  readonly raw: Uint8Array
  readonly message: string

  constructor(raw: Uint8Array, message: string) {
    this.raw = raw
    this.message = message
  }
}

/** A record for `sources` of `testJob` that goes to the source's `.malformed`, as with policy `deadLetter`. */
export function malformed(raw: string | Uint8Array, message = 'malformed, for the test'): MalformedRecord {
  return new MalformedRecord(typeof raw === 'string' ? new TextEncoder().encode(raw) : raw, message)
}
