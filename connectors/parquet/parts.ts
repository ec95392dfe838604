import { Misfit } from './misfit.js'
import type { StoredScalar } from './scalars.js'

export type Stored = StoredScalar | null | readonly Stored[] | StoredFields
export interface StoredFields {
  readonly [name: string]: Stored
}

/** Reads properties of rows and structs. */
export class Parts {
  readonly #names: ReadonlySet<string>
  readonly #inherited: ReadonlySet<string>

  constructor(fields: readonly { readonly name: string }[]) {
    this.#names = new Set(fields.map(({ name }) => name))
    this.#inherited = new Set([...this.#names].filter((name) => name in Object.prototype))
  }

  /** @throws Misfit when there is a property without a column */
  requireKnown(value: object): void {
    for (const name in value) {
      if (!this.#names.has(name)) throw new UnknownPart(name)
    }
  }

  /** Whether a name is one that every object has: `constructor`. */
  get hasInherited(): boolean {
    return this.#inherited.size > 0
  }

  read(value: object, name: string): unknown {
    if (this.#inherited.size > 0 && this.#inherited.has(name) && !Object.hasOwn(value, name)) return undefined
    return (value as Readonly<Record<string, unknown>>)[name]
  }
}

/** A property that has no column. */
export class UnknownPart extends Misfit {
  readonly part: string

  constructor(part: string) {
    super('', undefined)
    this.part = part
  }
}

/** Bytes that a value takes before it is encoded, about. */
export function sizeOf(stored: Stored): number {
  if (stored === null) return 1
  if (typeof stored === 'string' || stored instanceof Uint8Array) return 4 + stored.length
  if (typeof stored !== 'object') return 8
  let bytes = 8
  if (Array.isArray(stored)) for (const one of stored as readonly Stored[]) bytes += sizeOf(one)
  else for (const name in stored) bytes += sizeOf((stored as StoredFields)[name]!)
  return bytes
}

/** Which values of floats a column has that writers and readers get wrong. */
export interface Floats {
  /** A dictionary of the library takes 0 and -0 for one value. */
  hasNegativeZero: boolean
  /** Least and most of the others say nothing of it: DuckDB takes all values of 0 to 0 for zeros. */
  hasNaN: boolean
}

/** @param values floats and what holds them */
export function floatsOf(values: readonly Stored[]): Floats {
  const found = { hasNegativeZero: false, hasNaN: false }
  for (const value of values) noteFloats(value, found)
  return found
}

function noteFloats(stored: Stored, noted: Floats): void {
  if (typeof stored === 'number') {
    if (stored === 0) noted.hasNegativeZero ||= Object.is(stored, -0)
    else noted.hasNaN ||= Number.isNaN(stored)
  } else if (typeof stored === 'object' && stored !== null && !(stored instanceof Uint8Array)) {
    for (const part of Object.values(stored as StoredFields)) noteFloats(part, noted)
  }
}
