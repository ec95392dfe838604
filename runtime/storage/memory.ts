import type { ObjectStore } from './object-store.js'

/** Lives as long as its object: for tests, and for jobs that need no recovery across processes. */
export function memoryStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>()
  return {
    location: 'memory',
    async create(name, data) {
      if (objects.has(name)) return 'exists'
      objects.set(name, data.slice())
      return 'created'
    },
    read: async (name) => objects.get(name)?.slice(),
    list: async (prefix) => [...objects.keys()].filter((name) => name.startsWith(prefix)).sort(),
    async delete(name) {
      objects.delete(name)
    },
  }
}
