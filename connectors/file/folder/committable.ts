import { committableInvalid, type FileFacts, isFolder } from '../staged/entries.js'
import { parseFinalName, parseStagedName } from '../staged/names.js'

/** A finished file that waits for its checkpoint. Names only: the folders are the sink's. */
export interface FileCommittable extends FileFacts {
  /** Name in the operator's staging folder. */
  readonly staged: string
  /** What it is a copy of: the file of an earlier generation, which goes with it. */
  readonly replaces?: string
  /** Name in the output folder, below `folder`. */
  readonly final: string
  readonly bytes: number
  readonly crc32: number
}

/**
 * What a checkpoint carried. Names are checked: they must not lead out of the sink's folders.
 * @throws TidemarkError COMMITTABLE_INVALID
 */
export function parseCommittable(found: unknown, operatorId: string): FileCommittable {
  const candidate = (typeof found === 'object' && found !== null ? found : {}) as Partial<FileCommittable>
  const { version, staged, replaces, final, folder = '', bytes, crc32, rows } = candidate
  const named = typeof final === 'string' ? parseFinalName(final) : undefined
  if (
    version === 1 &&
    typeof staged === 'string' &&
    parseStagedName(staged) &&
    (replaces === undefined || (typeof replaces === 'string' && parseStagedName(replaces))) &&
    named &&
    isFolder(folder) &&
    [bytes, crc32, rows].every((value) => Number.isSafeInteger(value) && (value as number) >= 0)
  ) {
    // The first savepoints had neither folders nor the checkpoint beside the name.
    const { generation, checkpointId } = named
    return { ...(candidate as FileCommittable), folder, generation, checkpointId }
  }
  throw committableInvalid(operatorId, version)
}
