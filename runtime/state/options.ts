import type { Environment } from '../../core/environment.js'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'
import type { LeafStore } from '../../core/state/leaf-table.js'
import { openDiskLeaves } from './disk/disk-leaves.js'

export interface DiskStateOptions {
  readonly kind: 'disk'
  /** Of the machine itself; created if need be. Default: the system's folder for temporary files. */
  readonly directory?: string
  /** Memory for state that was used last, of all operators of this process together, about. Default 128 MiB. */
  readonly cacheBytes?: number
}

/** `disk` needs the package `lmdb`. See docs/state.md. */
export type StateOptions = 'heap' | 'disk' | DiskStateOptions

/** Where keyed state is while a job runs. */
export interface OpenState {
  /** For an operator's keyed state on one subtask. Undefined: the heap. */
  readonly leavesFor: ((operatorId: string) => LeafStore) | undefined
  close(): Promise<void>
}

const ON_HEAP: OpenState = { leavesFor: undefined, close: async () => undefined }
const WHERE = 'run: state'

/** @throws TidemarkError OPTION_INVALID */
export function requireStateOptions(state: StateOptions): void {
  if (state === 'heap' || state === 'disk') return
  if (typeof state !== 'object' || state === null || state.kind !== 'disk') {
    throw optionInvalid('run', "state is 'heap', 'disk' or { kind: 'disk', ... }")
  }
  requireKnownOptions(WHERE, state, { kind: true, directory: true, cacheBytes: true })
  const { directory, cacheBytes } = state
  if (directory !== undefined && (typeof directory !== 'string' || directory === '')) {
    throw optionInvalid(WHERE, "directory is a folder's path")
  }
  if (cacheBytes !== undefined && !(Number.isSafeInteger(cacheBytes) && cacheBytes >= 0)) {
    throw optionInvalid(WHERE, `cacheBytes is a whole number of bytes, found ${String(cacheBytes)}`)
  }
}

/** @throws TidemarkError DEPENDENCY_MISSING, STATE_DIRECTORY_UNUSABLE */
export async function openState(state: StateOptions, environment: Environment): Promise<OpenState> {
  if (state === 'heap') return ON_HEAP
  const { directory, cacheBytes } = state === 'disk' ? {} : state
  const disk = await openDiskLeaves({
    environment,
    ...(directory !== undefined && { directory }),
    ...(cacheBytes !== undefined && { cacheBytes }),
  })
  return { leavesFor: (operatorId) => disk.storeFor(operatorId), close: () => disk.close() }
}
