import type { Environment } from '../../core/environment.js'
import { isMemoryStore, memoryStore } from './memory.js'
import type { ObjectStore } from './object-store.js'
import { openStore } from './open-store.js'
import { checkStorage } from './preflight.js'
import type { S3StoreOptions } from './s3/options.js'

export interface CheckedStore {
  readonly store: ObjectStore
  /** Closes what was opened here; a store that was given stays open. */
  close(): Promise<void>
}

/** The store of a job, found able to carry it. In memory there is nothing that could be missing. */
export async function openCheckedStore(
  options: { readonly to?: string | ObjectStore; readonly s3?: S3StoreOptions },
  environment: Environment,
): Promise<CheckedStore> {
  const { to = memoryStore(environment), s3 } = options
  const isOwn = typeof to === 'string'
  const store = isOwn ? await openStore(to, { environment, ...(s3 ? { s3 } : {}) }) : to
  const close = async (): Promise<void> => {
    if (isOwn) await store.close()
  }
  try {
    if (!isMemoryStore(store)) await checkStorage(store, environment)
    return { store, close }
  } catch (error) {
    await close()
    throw error
  }
}
