import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ObjectStore } from 'tidemark/run'

/** Objects by name: a savepoint, as it is committed here. */
export type Objects = ReadonlyMap<string, Uint8Array>

/** One object a line: its name, a blank, its bytes in base64. */
const pathOf = (name: string): URL => new URL(`v0/${name}.txt`, import.meta.url)

export function readGolden(name: string): Objects {
  const lines = readFileSync(pathOf(name), 'utf8').split('\n')
  return new Map(
    lines.flatMap((line): [string, Uint8Array][] => {
      const [object, base64] = line.split(' ')
      return object && base64 !== undefined ? [[object, new Uint8Array(Buffer.from(base64, 'base64'))]] : []
    }),
  )
}

export function writeGolden(name: string, objects: Objects): void {
  const lines = [...objects].map(([object, bytes]) => `${object} ${Buffer.from(bytes).toString('base64')}\n`)
  writeFileSync(pathOf(name), lines.sort().join(''))
}

export async function objectsIn(store: ObjectStore): Promise<Objects> {
  const objects = new Map<string, Uint8Array>()
  for (const name of await store.list('')) objects.set(name, (await store.read(name)) ?? new Uint8Array())
  return objects
}

export async function putInto(store: ObjectStore, objects: Objects): Promise<ObjectStore> {
  for (const [name, bytes] of objects) await store.create(name, bytes)
  return store
}

export function putIntoFolder(folder: string, objects: Objects): void {
  for (const [name, bytes] of objects) {
    const path = join(folder, ...name.split('/'))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes)
  }
}
