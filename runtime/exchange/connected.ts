import type { Partitioning } from '../../core/graph/node.js'

/** One subtask at each end of an edge. */
export interface Pair {
  readonly sender: number
  readonly senders: number
  readonly receiver: number
  readonly receivers: number
}

/**
 * Whether there is a channel between the two. `forward`: those of one index. `rescale`: each subtask of the smaller side
 * has its own run of neighbours on the other, so that every sender has a receiver, and every receiver a sender.
 */
export function isConnected(partitioning: Partitioning, { sender, senders, receiver, receivers }: Pair): boolean {
  if (partitioning === 'forward') return sender === receiver
  if (partitioning !== 'rescale') return true
  return receivers >= senders
    ? Math.floor((receiver * senders) / receivers) === sender
    : Math.floor((sender * receivers) / senders) === receiver
}
