import type { NumbersReaderClass, NumbersSourceOptions } from './numbers-source.js'

/** A source with one fault, and the one check that finds it. */
export interface SourceFault {
  readonly fault: string
  readonly found: string
  readonly options: NumbersSourceOptions
}

/** The fault is in the reader. */
export function reader(Reader: NumbersReaderClass): NumbersSourceOptions {
  return { Reader }
}
