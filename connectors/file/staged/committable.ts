import { TidemarkError } from '../../../core/errors.js'
import { parseFinalName, parseStagedName } from './names.js'

/** A finished file that waits for its checkpoint. Names only: the folders are the sink's. */
export interface FileCommittable {
  readonly version: 1
  /** Name in the operator's staging folder. */
  readonly staged: string
  /** Name in the output folder. */
  readonly final: string
  readonly bytes: number
  readonly crc32: number
  readonly rows: number
}

/**
 * What a checkpoint carried. Names are checked: they must not lead out of the sink's folders.
 * @throws TidemarkError COMMITTABLE_INVALID
 */
export function parseCommittable(found: unknown, operatorId: string): FileCommittable {
  const candidate = (typeof found === 'object' && found !== null ? found : {}) as Partial<FileCommittable>
  const { version, staged, final, bytes, crc32, rows } = candidate
  if (
    version === 1 &&
    typeof staged === 'string' &&
    parseStagedName(staged) &&
    typeof final === 'string' &&
    parseFinalName(final) &&
    [bytes, crc32, rows].every((value) => Number.isSafeInteger(value) && (value as number) >= 0)
  ) {
    return candidate as FileCommittable
  }
  throw new TidemarkError({
    code: 'COMMITTABLE_INVALID',
    domain: 'storage',
    operatorId,
    message:
      `sink '${operatorId}': the checkpoint holds a committable that no file sink of this version made ` +
      `(version ${String(version)}); restore with the version of Tidemark that took the checkpoint`,
  })
}
