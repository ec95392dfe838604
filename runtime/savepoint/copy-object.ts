import type { ObjectRef } from '../../core/checkpoint/manifest.js'
import { createOwn, readObject } from '../storage/checkpoint-objects.js'
import type { ObjectStore } from '../storage/object-store.js'

/** Copies an object, verified, under another name. */
export async function copyObject(
  from: ObjectStore,
  { length, crc32, name: source }: ObjectRef,
  { to, name }: { readonly to: ObjectStore; readonly name: string },
): Promise<ObjectRef> {
  await createOwn(to, name, await readObject(from, { name: source, length, crc32 }))
  return { name, length, crc32 }
}
