import type { KeyedObjectRef, OperatorManifest } from '../../core/checkpoint/manifest.js'
import { messageOf, TidemarkError } from '../../core/errors.js'
import { type Frame, framesOf, type RawFrame, readFrame } from '../../core/state/frames.js'
import { readObject } from '../storage/checkpoint-objects.js'
import type { ObjectStore } from '../storage/object-store.js'
import { type Place, stateCorrupt } from './savepoint-error.js'

/** A frame of an operator's keyed state, and where it lies. */
export interface LocatedFrame {
  readonly frame: Frame
  readonly raw: RawFrame
  readonly object: KeyedObjectRef
  /** Of the payload in its object. */
  readonly offset: number
}

export const placeOf = (store: ObjectStore, operator: OperatorManifest): Place => ({
  location: store.location,
  operatorId: operator.id,
})

/**
 * All frames of one subtask in the order in which they apply. Holds one object at a time, verified before a byte of it is
 * decoded; of a frame no more than its head is decoded.
 */
export async function* framesOfSubtask(
  store: ObjectStore,
  operator: OperatorManifest,
  subtask: number,
): AsyncGenerator<LocatedFrame> {
  const place = placeOf(store, operator)
  const { range, keyed = [] } = operator.subtasks[subtask] ?? {}
  for (const object of keyed) {
    const data = await readObject(store, object)
    const corrupt = (found: string): Error => stateCorrupt(place, `${object.name}: ${found}`)
    for (const raw of framesOf(data, corrupt)) {
      if (range === undefined || raw.group < range.first || raw.group >= range.end) {
        throw corrupt(`key group ${raw.group}, which is not of its subtask ${subtask}`)
      }
      const frame = located(place, object.name, () => readFrame(raw, corrupt))
      yield { frame, raw, object, offset: raw.payload.byteOffset - data.byteOffset }
    }
  }
}

/** Runs what decodes, and says in which object it failed. */
export function located<R>(place: Place, name: string, decode: () => R): R {
  try {
    return decode()
  } catch (error) {
    if (error instanceof TidemarkError && error.operatorId !== undefined) throw error
    throw stateCorrupt(place, `${name}: ${messageOf(error)}`, error)
  }
}
