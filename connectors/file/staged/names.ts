import type { WriterContext } from '../../../core/connector.js'

/** The file that marks a folder as Tidemark's to replace. */
export const MARKER = '.tidemark'

/** The file that says to readers that a partition is over, as Hadoop's writers leave it. */
export const SUCCESS = '_SUCCESS'

/** What all of a sink's subtasks and generations have agreed on. */
export const AGREEMENT = 'schema.json'

export interface StagedName {
  readonly lineage: string
  readonly generation: number
  readonly subtask: number
}

type Origin = Pick<WriterContext, 'lineage' | 'generation' | 'subtask'>

/** An unfinished file. The nonce keeps it apart whatever else went wrong. */
export function stagedName(origin: Origin, unique: { readonly sequence: number; readonly nonce: string }): string {
  const { lineage, generation, subtask } = origin
  return `${lineage}-${generation}-${subtask.index}-${unique.sequence}-${unique.nonce}.part`
}

const STAGED = /^([A-Za-z0-9]+)-(\d+)-(\d+)-\d+-[A-Za-z0-9]+\.part$/

/** Undefined for what `stagedName` did not make. */
export function parseStagedName(name: string): StagedName | undefined {
  const match = STAGED.exec(name)
  return match ? { lineage: match[1]!, generation: Number(match[2]), subtask: Number(match[3]) } : undefined
}

export interface FinalNameOptions {
  readonly checkpointId: number
  readonly number: number
  /** With the dot. */
  readonly extension: string
}

/** Lineage first: output of another lineage can never have the same name. */
export function finalName(origin: Origin, { checkpointId, number, extension }: FinalNameOptions): string {
  const { lineage, generation, subtask } = origin
  return `part-${lineage}-${generation}-${checkpointId}-${subtask.index}-${number}${extension}`
}

const FINAL = /^part-([A-Za-z0-9]+)-(\d+)-(\d+)-\d+-\d+\.[a-z.]+$/

export interface FinalName {
  readonly lineage: string
  readonly generation: number
  readonly checkpointId: number
}

/** Undefined for what `finalName` did not make. */
export function parseFinalName(name: string): FinalName | undefined {
  const match = FINAL.exec(name)
  return match ? { lineage: match[1]!, generation: Number(match[2]), checkpointId: Number(match[3]) } : undefined
}

/** An operator id as the name of a folder: no separators, no leading dot. */
export function folderOf(operatorId: string): string {
  return encodeURIComponent(operatorId).replaceAll('.', '%2E').replaceAll('*', '%2A')
}
