/**
 * Sequence numbers look like those of AWS: 56 decimal digits without a meaning for clients, which grow across a stream.
 *
 *     49 | stream epoch, 15 | zeros, 17 | counter, 16 | shard index, 6
 *
 * All have the same length, so text order is numeric order. The counter is unique in a stream and decides the order; the
 * epoch is unique in a server, so a number of another stream (or of a deleted one of the same name) is told apart.
 */
export interface SequenceNumber {
  readonly epoch: number
  readonly counter: number
  readonly shardIndex: number
}

const LEAD = '49'
const EPOCH_DIGITS = 15
const FILL = '0'.repeat(17)
const COUNTER_DIGITS = 16
const SHARD_DIGITS = 6
const COUNTER_START = LEAD.length + EPOCH_DIGITS + FILL.length
const LENGTH = COUNTER_START + COUNTER_DIGITS + SHARD_DIGITS

/** What AWS takes for a sequence number at all. */
export const SEQUENCE_NUMBER_PATTERN = /^(0|[1-9]\d{0,128})$/

export function formatSequenceNumber(number: SequenceNumber): string {
  return sequenceNumberFormat(number.epoch, number.shardIndex)(number.counter)
}

/** The same for the many records of one shard: everything but the counter is made once. */
export function sequenceNumberFormat(epoch: number, shardIndex: number): (counter: number) => string {
  const prefix = LEAD + String(epoch).padStart(EPOCH_DIGITS, '0') + FILL
  const suffix = String(shardIndex).padStart(SHARD_DIGITS, '0')
  return (counter) => prefix + String(counter).padStart(COUNTER_DIGITS, '0') + suffix
}

/** `undefined` for what this server never gave out. */
export function parseSequenceNumber(text: string): SequenceNumber | undefined {
  if (text.length !== LENGTH || !/^\d+$/.test(text) || !text.startsWith(LEAD)) return undefined
  const fillStart = LEAD.length + EPOCH_DIGITS
  if (text.slice(fillStart, COUNTER_START) !== FILL) return undefined
  const counter = Number(text.slice(COUNTER_START, COUNTER_START + COUNTER_DIGITS))
  if (!Number.isSafeInteger(counter)) return undefined
  return {
    epoch: Number(text.slice(LEAD.length, fillStart)),
    counter,
    shardIndex: Number(text.slice(COUNTER_START + COUNTER_DIGITS)),
  }
}
