import { crc32 } from 'node:zlib'

/** Whose an object is. */
export interface ObjectOwner {
  readonly lineage: string
  /** Tells the sinks of a job apart that write to one place. */
  readonly sink: string
}

export interface ObjectName extends ObjectOwner {
  readonly generation: number
  /** The checkpoint that was prepared last when the object began, 0 for none. */
  readonly after: number
  readonly subtask: number
  readonly number: number
}

export function sinkTag(operatorId: string): string {
  return crc32(operatorId).toString(16).padStart(8, '0')
}

/** Lineage first: output of another lineage can never have the same name. */
export function objectName(
  { lineage, generation, after, subtask, number, sink }: ObjectName,
  extension: string,
): string {
  return `part-${lineage}-${generation}-${after}-${subtask}-${number}-${sink}${extension}`
}

const NAME = /^part-([A-Za-z0-9]+)-(\d+)-(\d+)-(\d+)-(\d+)-([0-9a-f]{8})(\.[a-z0-9.]+)$/

/** Of the last part of a key. Undefined for what `objectName` did not make. */
export function parseObjectName(key: string): ObjectName | undefined {
  const match = NAME.exec(key.slice(key.lastIndexOf('/') + 1))
  if (!match) return undefined
  const [generation = 0, after = 0, subtask = 0, number = 0] = match.slice(2, 6).map(Number)
  return { lineage: match[1]!, generation, after, subtask, number, sink: match[6]! }
}

/** Where a sink notes its commits. Readers skip names that begin with an underscore. */
export function ledgerFolder(base: string, { sink }: Pick<ObjectOwner, 'sink'>): string {
  return `${base}_tidemark/${sink}/`
}
