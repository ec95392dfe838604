import { keyTypeChanged } from './evolution-error.js'
import type { InternalKey } from './key.js'
import { fromInternalKey } from './key-codec.js'

const NUL = 0
/** More types than anybody keys by. */
const MAX_TYPES = 8

export type KeysChanged = (operatorId: string, stored: string, found: string) => void

/**
 * Notices that state was stored under keys of one type while the job comes with keys of another: none of the state would
 * ever be found. What `keyBy` gives is known with the first record only, so the first new entry after a restore decides.
 * State that was stored under keys of several types is of a job that mixes them, and is left alone.
 */
export class KeyGuard {
  /** Nothing is to be checked any more. */
  isSettled = false
  private readonly operatorId: string
  private readonly onChanged: KeysChanged | undefined
  private readonly types = new Set<string>()

  constructor(operatorId: string, onChanged: KeysChanged | undefined) {
    this.operatorId = operatorId
    this.onChanged = onChanged
  }

  restored(key: InternalKey): void {
    if (this.types.size < MAX_TYPES) this.types.add(typeOf(key))
  }

  /** @throws TidemarkError KEY_TYPE_CHANGED, unless somebody else was to be told */
  check(key: InternalKey): void {
    this.isSettled = true
    const [stored, ...others] = this.types
    const found = typeOf(key)
    if (stored === undefined || others.length > 0 || stored === found) return
    if (this.onChanged === undefined) throw keyTypeChanged(this.operatorId, stored, found)
    this.onChanged(this.operatorId, stored, found)
  }
}

/** `string`, `[string, number]`. */
function typeOf(key: InternalKey): string {
  if (typeof key !== 'string' || key.charCodeAt(0) !== NUL) return typeof key
  const given = fromInternalKey(key)
  return typeof given === 'object' ? `[${given.map((element) => typeof element).join(', ')}]` : typeof given
}
