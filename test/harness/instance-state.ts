import type { KeyedSnapshot } from '../../core/state/keyed-snapshot.js'
import { KeyedState, type KeyedStateOptions } from '../../core/state/keyed-state.js'
import type { StateObject } from './snapshot.js'

/** A snapshot of keyed state that is being taken. */
export interface StateWriting {
  /** Writes on until the time is up; true: everything is written. */
  work(isTimeUp: () => boolean): boolean
  /** Writes the rest and confirms the checkpoint. The objects that make up the state as of the barrier. */
  complete(): readonly StateObject[]
  abort(): void
}

/** One instance's keyed state, and the objects that its checkpoints have written and a later one may need. */
export class InstanceState {
  readonly keyed: KeyedState
  private readonly objects = new Map<number, Uint8Array[]>()
  private nextCheckpoint = 1

  constructor(options: Omit<KeyedStateOptions, 'onKeysChanged'>) {
    this.keyed = new KeyedState(options)
  }

  /** Once everything is registered. */
  restore(objects: readonly StateObject[]): void {
    const restore = this.keyed.restore()
    for (const { checkpointId, bytes } of objects) {
      restore.add(bytes, checkpointId)
      while (!restore.work(() => true));
      this.nextCheckpoint = Math.max(this.nextCheckpoint, checkpointId + 1)
    }
    restore.finish()
  }

  begin(isSavepoint: boolean): StateWriting {
    const { keyed } = this
    const checkpointId = this.nextCheckpoint++
    const snapshot = keyed.snapshot({ checkpointId, isSavepoint })
    const written: Uint8Array[] = []
    const work = (isTimeUp: () => boolean): boolean => {
      const isDone = snapshot.work(isTimeUp)
      written.push(...snapshot.takeObjects())
      return isDone
    }
    return {
      work,
      complete: () => {
        while (!work(() => false));
        snapshot.end()
        if (isSavepoint) return written.map((bytes) => ({ checkpointId, bytes }))
        keyed.checkpointCompleted(checkpointId)
        return this.keep(snapshot, checkpointId, written)
      },
      abort: () => {
        snapshot.end()
        keyed.checkpointAborted(checkpointId)
      },
    }
  }

  /** What the newest checkpoint does not need is gone. */
  private keep(snapshot: KeyedSnapshot, checkpointId: number, written: Uint8Array[]): readonly StateObject[] {
    this.objects.set(checkpointId, written)
    for (const id of this.objects.keys()) if (!snapshot.needed.has(id)) this.objects.delete(id)
    return [...this.objects].flatMap(([id, objects]) => objects.map((bytes) => ({ checkpointId: id, bytes })))
  }
}
