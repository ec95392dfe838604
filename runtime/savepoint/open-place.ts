import type { Environment } from '../../core/environment.js'
import { systemEnvironment } from '../environment/system.js'
import type { ObjectStore } from '../storage/object-store.js'
import { openStore, parseLocation } from '../storage/open-store.js'
import type { S3StoreOptions } from '../storage/s3/options.js'

export interface PlaceOptions {
  /** How to reach S3, where a location is on it. See docs/storage.md. */
  readonly s3?: S3StoreOptions
  readonly environment?: Environment
}

export interface OpenPlace {
  readonly store: ObjectStore
  /** Closes what was opened here; a store that was given stays open. */
  close(): Promise<void>
}

export async function openPlace(place: string | ObjectStore, options: PlaceOptions): Promise<OpenPlace> {
  if (typeof place !== 'string') return { store: place, close: async () => undefined }
  const { environment = systemEnvironment(), s3 } = options
  const isOnS3 = parseLocation(place).kind === 's3'
  const store = await openStore(place, { environment, ...(isOnS3 && s3 ? { s3 } : {}) })
  return { store, close: () => store.close() }
}
