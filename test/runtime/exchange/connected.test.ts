import { describe, expect, it } from 'vitest'
import type { Partitioning } from '../../../core/graph/node.js'
import { isConnected } from '../../../runtime/exchange/connected.js'

/** By sender: the receivers that it is connected to. */
function receiversOf(partitioning: Partitioning, senders: number, receivers: number): number[][] {
  return Array.from({ length: senders }, (_, sender) =>
    Array.from({ length: receivers }, (_, receiver) => receiver).filter((receiver) =>
      isConnected(partitioning, { sender, senders, receiver, receivers }),
    ),
  )
}

describe('subtasks on both ends of an edge are connected', () => {
  it('by forward: those of one index', () => {
    expect(receiversOf('forward', 3, 3)).toEqual([[0], [1], [2]])
  })

  it('by rescale: neighbours alone', () => {
    expect(receiversOf('rescale', 2, 6)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
    expect(receiversOf('rescale', 5, 2)).toEqual([[0], [0], [0], [1], [1]])
    expect(receiversOf('rescale', 2, 3)).toEqual([[0, 1], [2]])
    expect(receiversOf('rescale', 3, 3)).toEqual([[0], [1], [2]])
  })

  it('by rescale: every sender has a receiver, every receiver a sender, and one side has one partner only', () => {
    for (let senders = 1; senders <= 12; senders++) {
      for (let receivers = 1; receivers <= 12; receivers++) {
        const bySender = receiversOf('rescale', senders, receivers)
        const reached = bySender.flat()
        expect(bySender.every((list) => list.length > 0)).toBe(true)
        expect(new Set(reached).size).toBe(receivers)
        if (senders <= receivers) expect(reached.length).toBe(receivers)
        else expect(bySender.every((list) => list.length === 1)).toBe(true)
      }
    }
  })

  it.each(['hash', 'rebalance', 'broadcast', 'custom'] as const)('by %s: all', (partitioning) => {
    expect(receiversOf(partitioning, 2, 3)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
  })
})
