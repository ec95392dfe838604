import type { InternalKey } from '../../state/key.js'
import type { Aggregate } from '../../window/aggregate.js'
import { alignedStart } from '../../window/alignment.js'
import type { OperatorContext } from '../operator.js'
import { PaneStore } from '../window/pane-store.js'
import { incompatibleJoin } from './join-error.js'

/** Records of one key in one piece of time, in order of arrival. Plain data: it is stored as it is. */
export interface Held {
  readonly times: number[]
  readonly values: unknown[]
}

const HELD: Aggregate<unknown, Held, Held> = {
  kind: 'records',
  create: () => ({ times: [], values: [] }),
  add(held, value, timestamp) {
    held.times.push(timestamp)
    held.values.push(value)
    return held
  },
  merge(left, right) {
    left.times.push(...right.times)
    left.values.push(...right.values)
    return left
  },
  result: (held) => held,
}

export interface TimeBufferOptions {
  /** Names the state. */
  readonly side: 'left' | 'right'
  /** What a savepoint says of it: records kept for another interval are not those that this one needs. */
  readonly layout: string
  readonly pieceMs: number
}

/**
 * Records of one side, by pieces of event time and by key: a look at an interval costs a look into a few maps, and what
 * nobody can meet any more goes piece by piece, without a timer for a record.
 */
export class TimeBuffer {
  private readonly pieceMs: number
  private readonly store: PaneStore

  constructor({ side, layout, pieceMs }: TimeBufferOptions, context: OperatorContext) {
    const { operatorId, keyGroups } = context
    this.pieceMs = pieceMs
    const expected = { layout: `by-time ${layout}`, version: 1 }
    this.store = new PaneStore(
      {
        name: side,
        layout: 'by-time',
        assigner: layout,
        accept: (stored) => {
          if (stored.layout === expected.layout && stored.version === expected.version) return
          throw incompatibleJoin(operatorId, expected, stored)
        },
        operatorId,
        keyGroups,
        // The accumulators that come back are those that it made.
        aggregate: HELD as Aggregate<unknown, unknown, unknown>,
      },
      context.keyedState,
    )
  }

  onRestored(): void {
    this.store.onRestored()
  }

  add(group: number, key: InternalKey, value: unknown, timestamp: number): void {
    this.store.add(this.store.paneAt(this.pieceAt(timestamp)), group, key, value, timestamp)
  }

  /** The start of the piece that holds `timestamp`. */
  pieceAt(timestamp: number): number {
    return alignedStart(timestamp, this.pieceMs, 0)
  }

  nextPiece(start: number): number {
    return start + this.pieceMs
  }

  /** What a key has in the piece that starts there. Not to be kept: the table may put it away. */
  heldAt(start: number, group: number, key: InternalKey): Held | undefined {
    const piece = this.store.find(start)
    // The table holds nothing else.
    return piece && (this.store.leafOf(piece, group, key)?.value as Held | undefined)
  }

  /** Drops the pieces that lie before `timestamp` as a whole. */
  dropBefore(timestamp: number): void {
    const { panes } = this.store
    let count = 0
    for (let piece = panes[0]; piece !== undefined && piece.start + this.pieceMs <= timestamp; piece = panes[count]) {
      count++
    }
    if (count > 0) this.store.dropFirst(count)
  }
}
