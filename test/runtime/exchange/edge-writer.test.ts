import { describe, expect, it } from 'vitest'
import { Batch, type Element } from '../../../core/element.js'
import { subtaskOfGroup } from '../../../core/state/key-groups.js'
import { EdgeWriter } from '../../../runtime/exchange/edge-writer.js'

class Recorder {
  readonly elements: Element[] = []
  hasRoom = true
  send(element: Element): void {
    this.elements.push(element)
  }
  get values(): unknown[] {
    return this.elements.flatMap((element) => (element.kind === 'batch' ? element.batch.values : []))
  }
}

const recorders = (count: number) => Array.from({ length: count }, () => new Recorder())

describe('an edge', () => {
  it('by hash sends each row to the subtask of its key group, with key and group, in order', () => {
    const channels = recorders(3)
    const edge = new EdgeWriter({ partitioning: 'hash', subtask: 0, maxParallelism: 128, channels })
    const groups = Array.from({ length: 500 }, (_, row) => (row * 37) % 128)
    const values = groups.map((_, row) => row)
    edge.send({ kind: 'batch', batch: new Batch(values, values, values.map(String), groups) })
    channels.forEach((channel, subtask) => {
      const expected = values.filter((row) => subtaskOfGroup(groups[row] as number, 3, 128) === subtask)
      expect(channel.values).toEqual(expected)
      const batch = channel.elements[0]?.kind === 'batch' ? channel.elements[0].batch : undefined
      expect(batch?.keys).toEqual(expected.map(String))
      expect(batch?.groups).toEqual(expected.map((row) => groups[row]))
      expect(batch?.timestamps).toEqual(expected)
    })
  })

  it('by hash refuses rows without keys', () => {
    const edge = new EdgeWriter({ partitioning: 'hash', subtask: 0, maxParallelism: 128, channels: recorders(2) })
    expect(() => edge.send({ kind: 'batch', batch: new Batch([1], [1]) })).toThrow(/without keys/)
  })

  it('rebalances batches round robin and broadcasts everything that is no batch', () => {
    const channels = recorders(2)
    const edge = new EdgeWriter({ partitioning: 'rebalance', subtask: 1, maxParallelism: 128, channels })
    for (let at = 0; at < 4; at++) edge.send({ kind: 'batch', batch: new Batch([at], [at]) })
    edge.send({ kind: 'watermark', timestamp: 9 })
    expect(channels.map(({ values }) => values)).toEqual([
      [1, 3],
      [0, 2],
    ])
    expect(channels.every(({ elements }) => elements.at(-1)?.kind === 'watermark')).toBe(true)
  })

  it('broadcasts every row when told so', () => {
    const channels = recorders(3)
    const edge = new EdgeWriter({ partitioning: 'broadcast', subtask: 0, maxParallelism: 128, channels })
    edge.send({ kind: 'batch', batch: new Batch([7], [7]) })
    expect(channels.map(({ values }) => values)).toEqual([[7], [7], [7]])
  })

  it('has room only while every channel has', () => {
    const channels = recorders(2)
    const edge = new EdgeWriter({ partitioning: 'rebalance', subtask: 0, maxParallelism: 128, channels })
    expect(edge.hasRoom).toBe(true)
    ;(channels[1] as Recorder).hasRoom = false
    expect(edge.hasRoom).toBe(false)
  })
})
