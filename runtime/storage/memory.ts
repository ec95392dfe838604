import type { Environment } from '../../core/environment.js'
import { systemEnvironment } from '../environment/system.js'
import { requireObjectName, requireRange } from './object-name.js'
import type { ObjectStore } from './object-store.js'

const inMemory = new WeakSet<ObjectStore>()

export const isMemoryStore = (store: ObjectStore): boolean => inMemory.has(store)

/** Lives as long as its object: for tests, and for jobs that need no recovery across processes. */
export function memoryStore(environment: Pick<Environment, 'clock'> = systemEnvironment()): ObjectStore {
  const objects = new Map<string, { readonly data: Uint8Array; readonly modifiedAt: number }>()
  const location = 'memory'
  const listObjects = (prefix: string) =>
    [...objects]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { data, modifiedAt }]) => ({ name, bytes: data.length, modifiedAt }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  const store: ObjectStore = {
    location,
    async create(name, data) {
      requireObjectName(name, location)
      if (objects.has(name)) return 'exists'
      objects.set(name, { data: data.slice(), modifiedAt: environment.clock.now() })
      return 'created'
    },
    read: async (name) => objects.get(name)?.data.slice(),
    async readRange(name, start, end) {
      requireRange(name, start, end)
      return objects.get(name)?.data.slice(start, end)
    },
    list: async (prefix) => listObjects(prefix).map(({ name }) => name),
    listObjects: async (prefix) => listObjects(prefix),
    async delete(name) {
      objects.delete(name)
    },
    async deleteMany(names) {
      for (const name of names) objects.delete(name)
    },
    // What it holds is the state of a job that may be started again in this process.
    close: async () => undefined,
  }
  inMemory.add(store)
  return store
}
