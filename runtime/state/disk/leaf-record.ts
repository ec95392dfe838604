import { SequenceDecoder, SequenceEncoder } from '../../../core/codec/index.js'
import { TidemarkError } from '../../../core/errors.js'
import type { LeafTable } from '../../../core/state/leaf-table.js'
import type { DiskLeaf } from './disk-leaf.js'

/*
 * A leaf on disk: stamp, whether a checkpoint may hold it, value. Performs no I/O.
 */
const encoder = new SequenceEncoder()

/** @throws TidemarkError STATE_NOT_SERIALIZABLE */
export function encodeLeaf(table: LeafTable, leaf: DiskLeaf, operatorId: string): Uint8Array {
  try {
    encoder.value(leaf.stamp)
    encoder.value(leaf.isStored)
    encoder.value(table.toStored(leaf.value))
    return encoder.take()
  } catch (error) {
    encoder.take()
    if (!(error instanceof TidemarkError) || error.operatorId !== undefined) throw error
    const { code, domain, message } = error
    const where = `operator '${operatorId}', '${table.name}', to be written to disk`
    throw new TidemarkError({ code, domain, operatorId, message: `${where}: ${message}`, cause: error })
  }
}

/**
 * 1. What was changed in this epoch has to be seen when it is changed again, or that would not be written: it gets the
 *    odd stamp, which is of the same epoch.
 * 2. What is older may be in a checkpoint, whatever the record says: a snapshot does not write records anew.
 */
export function decodeLeaf(table: LeafTable, leaf: DiskLeaf, record: Uint8Array): void {
  const decoder = new SequenceDecoder(record)
  const stamp = decoder.value() as number
  const isStored = decoder.value() as boolean
  const { epoch } = table.changes
  const isOfEpoch = stamp >= epoch - 1
  leaf.stamp = isOfEpoch ? epoch - 1 : stamp
  leaf.isStored = isStored || !isOfEpoch
  leaf.isOnDisk = true
  leaf.value = table.fromStored(decoder.value(), leaf)
}
