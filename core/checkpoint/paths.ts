/** Names of everything in a job's checkpoint storage. Nothing else makes such a name. */

const digits = (value: number): string => String(value).padStart(10, '0')

export const LOG_PREFIX = 'log/'

export const logEntryPath = (n: number): string => `${LOG_PREFIX}${digits(n)}`

/** The position of an entry from its name; undefined for a name that is none. */
export function logPosition(path: string): number | undefined {
  const match = /^log\/(\d{10})$/.exec(path)
  return match ? Number(match[1]) : undefined
}

/** What a start writes to see whether the storage does what it has to. */
export const PREFLIGHT_PREFIX = 'preflight/'

export const CHECKPOINTS_PREFIX = 'checkpoints/'

/** Everything of one checkpoint. The generation keeps apart what two of them wrote under one id. */
export const checkpointPrefix = (id: number, generation: number): string =>
  `${CHECKPOINTS_PREFIX}${digits(id)}-${digits(generation)}/`

/** Which checkpoint an object belongs to; undefined for a name that is none of ours. */
export function checkpointOf(path: string): { readonly id: number; readonly generation: number } | undefined {
  const match = /^checkpoints\/(\d{10})-(\d{10})\//.exec(path)
  return match ? { id: Number(match[1]), generation: Number(match[2]) } : undefined
}

export const manifestPath = (id: number, generation: number): string =>
  `${checkpointPrefix(id, generation)}manifest.json`

export const subtaskStatePath = (
  checkpoint: { readonly id: number; readonly generation: number },
  operatorId: string,
  subtask: number,
): string => `${checkpointPrefix(checkpoint.id, checkpoint.generation)}${operatorId}/${subtask}`

/** Keyed state of a subtask comes in objects of bounded size. */
export const keyedStatePath = (
  checkpoint: { readonly id: number; readonly generation: number },
  operatorId: string,
  of: { readonly subtask: number; readonly part: number },
): string =>
  `${checkpointPrefix(checkpoint.id, checkpoint.generation)}${operatorId}/${of.subtask}-${String(of.part).padStart(4, '0')}`

/** What a savepoint consists of: names in a place of its own, so that it can be moved as a whole. */
export const SAVEPOINT_MANIFEST = 'savepoint.json'
export const savepointStatePath = (operatorId: string, subtask: number): string => `state/${operatorId}/${subtask}`
export const savepointKeyedPath = (
  operatorId: string,
  of: { readonly subtask: number; readonly part: number },
): string => `state/${operatorId}/${of.subtask}-${String(of.part).padStart(4, '0')}`
export const savepointEnumeratorPath = (sourceId: string): string => `state/${sourceId}/enumerator`

/** Where a job's own savepoints go when nothing else is said. */
export const savepointsPath = (id: number, nonce: string): string => `savepoints/${digits(id)}-${nonce}`

export const enumeratorStatePath = (
  checkpoint: { readonly id: number; readonly generation: number },
  sourceId: string,
): string => `${checkpointPrefix(checkpoint.id, checkpoint.generation)}${sourceId}/enumerator`
