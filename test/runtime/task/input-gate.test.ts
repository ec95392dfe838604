import { describe, expect, it } from 'vitest'
import { Batch, type Element, MAX_WATERMARK, MIN_WATERMARK } from '../../../core/element.js'
import { LocalChannel } from '../../../runtime/exchange/channel.js'
import { InputGate } from '../../../runtime/task/input-gate.js'

const watermark = (timestamp: number): Element => ({ kind: 'watermark', timestamp })
const barrier = (checkpointId: number): Element => ({ kind: 'barrier', barrier: { checkpointId, triggeredAt: 0 } })
const idleness = (idle: boolean): Element => ({ kind: 'idleness', idle })
const rows = (...values: string[]): Element => ({
  kind: 'batch',
  batch: new Batch(
    values,
    values.map(() => 0),
  ),
})

/** Three channels: two of the first input, one of the second. */
function gateOfThree(restored = MIN_WATERMARK) {
  const nothing = (): void => undefined
  const channels = [0, 1, 2].map(() => new LocalChannel({ capacity: 100, onData: nothing, onRoom: nothing }))
  const inputs = channels.map((channel, index) => ({ channel, input: index < 2 ? 0 : 1 }))
  const gate = new InputGate(inputs, restored)
  return {
    gate,
    send: (channel: number, ...elements: readonly Element[]) => {
      for (const element of elements) channels[channel]?.send(element)
    },
    /** All that can be received now; a batch as its values. */
    receiveAll: (): unknown[] => {
      const received: unknown[] = []
      for (let element = gate.receive(); element; element = gate.receive()) {
        received.push(element.kind === 'batch' ? element.batch.values.join() : element)
      }
      return received
    },
  }
}

describe('the gate of a subtask with three channels', () => {
  it('gives the minimum of their watermarks, of both inputs alike', () => {
    const { send, receiveAll } = gateOfThree()
    send(0, watermark(30))
    send(1, watermark(20))
    expect(receiveAll()).toEqual([])
    send(2, watermark(10))
    expect(receiveAll()).toEqual([watermark(10)])
    send(2, watermark(40))
    expect(receiveAll()).toEqual([watermark(20)])
  })

  it('does not wait for idle channels; when all are idle the maximum goes out, then idleness', () => {
    const { send, receiveAll } = gateOfThree()
    send(0, watermark(30))
    send(1, watermark(20))
    send(2, idleness(true))
    expect(receiveAll()).toEqual([watermark(20)])
    send(1, idleness(true))
    expect(receiveAll()).toEqual([watermark(30)])
    send(0, idleness(true))
    expect(receiveAll()).toEqual([idleness(true)])
  })

  it('takes a channel that woke up into the minimum when its own watermark has reached the output', () => {
    const { send, receiveAll } = gateOfThree()
    send(2, idleness(true))
    send(0, watermark(30))
    send(1, watermark(30))
    expect(receiveAll()).toEqual([watermark(30)])
    send(2, idleness(false), watermark(10))
    send(0, watermark(40))
    send(1, watermark(40))
    expect(receiveAll()).toEqual([watermark(40)])
    send(2, watermark(40))
    expect(receiveAll()).toEqual([])
    send(0, watermark(50))
    send(1, watermark(50))
    expect(receiveAll()).toEqual([])
    send(2, watermark(45))
    expect(receiveAll()).toEqual([watermark(45)])
  })

  it('after a restore says nothing up to what the checkpoint stored', () => {
    const { send, receiveAll } = gateOfThree(25)
    for (const channel of [0, 1, 2]) send(channel, watermark(20))
    expect(receiveAll()).toEqual([])
    for (const channel of [0, 1, 2]) send(channel, watermark(26))
    expect(receiveAll()).toEqual([watermark(26)])
  })

  it('aligns barriers: what follows one waits until all channels have delivered theirs, and loses no order', () => {
    const { send, receiveAll, gate } = gateOfThree()
    send(0, rows('a1'), barrier(1), rows('a2'))
    send(1, rows('b1'))
    send(2, barrier(1), rows('c1'))
    expect(receiveAll()).toEqual(['a1', 'b1'])
    expect(gate.isAligning).toBe(true)
    send(1, rows('b2'), barrier(1), rows('b3'))
    const received = receiveAll()
    expect(received.slice(0, 2)).toEqual(['b2', barrier(1)])
    expect(received.slice(2).sort()).toEqual(['a2', 'b3', 'c1'])
  })

  it('a newer barrier abandons the alignment, and the late ones of the old checkpoint are ignored', () => {
    const { send, receiveAll } = gateOfThree()
    send(0, barrier(1), rows('a1'))
    send(1, barrier(2))
    expect(receiveAll()).toEqual(['a1'])
    send(0, barrier(2))
    send(2, barrier(1), rows('c1'), barrier(2))
    expect(receiveAll()).toEqual(['c1', barrier(2)])
  })

  it('a cancelled checkpoint opens its channels, and its barriers are ignored however late', () => {
    const { send, receiveAll, gate } = gateOfThree()
    send(0, barrier(1), rows('a1'))
    expect(receiveAll()).toEqual([])
    gate.cancelCheckpoint(1)
    expect(receiveAll()).toEqual(['a1'])
    send(1, barrier(1), rows('b1'))
    expect(receiveAll()).toEqual(['b1'])
    expect(gate.isAligning).toBe(false)
  })

  it('channels that have ended take part in checkpoints, and the end comes when all have ended', () => {
    const { send, receiveAll } = gateOfThree()
    for (const channel of [0, 1]) send(channel, watermark(MAX_WATERMARK), { kind: 'end' }, barrier(1))
    expect(receiveAll()).toEqual([])
    send(2, rows('c1'), barrier(1), watermark(MAX_WATERMARK), { kind: 'end' })
    expect(receiveAll()).toEqual(['c1', barrier(1), watermark(MAX_WATERMARK), { kind: 'end' }])
  })

  it('an ended channel beside idle ones does not end event time', () => {
    const { send, receiveAll } = gateOfThree()
    for (const channel of [0, 1, 2]) send(channel, watermark(10))
    expect(receiveAll()).toEqual([watermark(10)])
    send(0, watermark(MAX_WATERMARK), { kind: 'end' })
    send(1, idleness(true))
    send(2, idleness(true))
    expect(receiveAll()).toEqual([idleness(true)])
    send(2, idleness(false), rows('c1'), watermark(11))
    expect(receiveAll()).toEqual([idleness(false), 'c1', watermark(11)])
  })
})
