import { stat } from 'node:fs/promises'
import { TidemarkError } from '../../../core/errors.js'
import { systemEnvironment } from '../../environment/system.js'
import type { ObjectStore } from '../../storage/object-store.js'
import { openStore, parseLocation } from '../../storage/open-store.js'

export interface PlaceFlags {
  readonly s3Endpoint?: string
}

export interface PlaceUse {
  /** Default: it is only read, and has to be there. */
  readonly isNew?: boolean
}

/** Opens a place for a command, and closes it whatever happens. */
export async function withPlace<R>(
  location: string,
  flags: PlaceFlags & PlaceUse,
  work: (store: ObjectStore) => Promise<R>,
): Promise<R> {
  const store = await openPlace(location, flags)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

async function openPlace(location: string, { s3Endpoint, isNew = false }: PlaceFlags & PlaceUse): Promise<ObjectStore> {
  const place = parseLocation(location)
  const environment = systemEnvironment()
  if (place.kind === 's3') {
    return openStore(location, { environment, ...(s3Endpoint === undefined ? {} : { s3: { endpoint: s3Endpoint } }) })
  }
  // A store makes the folder that it is opened in.
  if (!isNew && !(await isFolder(place.path))) {
    throw new TidemarkError({
      code: 'SAVEPOINT_MISSING',
      domain: 'user',
      message: `there is no folder ${place.path}: expected a savepoint, or a folder or s3://bucket/prefix with some`,
    })
  }
  return openStore(location, { environment })
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    // Not being allowed to look is something else: the store says so.
    return true
  }
}

/** The objects below a prefix of a store, as a store of their own to read from. */
export function below(store: ObjectStore, prefix: string): ObjectStore {
  if (prefix === '') return store
  return {
    location: `${store.location.replace(/\/+$/, '')}/${prefix.replace(/\/$/, '')}`,
    create: (name, data) => store.create(prefix + name, data),
    read: (name) => store.read(prefix + name),
    readRange: (name, start, end) => store.readRange(prefix + name, start, end),
    list: async (of) => (await store.list(prefix + of)).map((name) => name.slice(prefix.length)),
    listObjects: async (of) =>
      (await store.listObjects(prefix + of)).map((object) => ({ ...object, name: object.name.slice(prefix.length) })),
    delete: (name) => store.delete(prefix + name),
    deleteMany: (names) => store.deleteMany(names.map((name) => prefix + name)),
    close: async () => undefined,
  }
}

/** Tells what is read of a store. */
export function counting(store: ObjectStore, onRead: (bytes: number) => void): ObjectStore {
  const counted = (data: Uint8Array | undefined): Uint8Array | undefined => {
    if (data !== undefined) onRead(data.length)
    return data
  }
  return {
    location: store.location,
    create: (name, data) => store.create(name, data),
    read: async (name) => counted(await store.read(name)),
    readRange: async (name, start, end) => counted(await store.readRange(name, start, end)),
    list: (prefix) => store.list(prefix),
    listObjects: (prefix) => store.listObjects(prefix),
    delete: (name) => store.delete(name),
    deleteMany: (names) => store.deleteMany(names),
    close: async () => undefined,
  }
}
