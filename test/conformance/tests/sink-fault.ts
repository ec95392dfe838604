import type { MemorySinkParts } from './memory-sink.js'

/** A sink with one fault, and the one check that finds it. */
export interface SinkFault {
  readonly fault: string
  readonly found: string
  readonly parts: MemorySinkParts
}
