import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Batch, type Element } from '../../../core/element.js'
import type { Partitioning, PartitionRow } from '../../../core/graph/node.js'
import { Origin } from '../../../core/origin.js'
import { subtaskOfGroup } from '../../../core/state/key-groups.js'
import { EdgeWriter } from '../../../runtime/exchange/edge-writer.js'
import { errorOf } from '../../core/stream/job-parts.js'

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

interface Given {
  readonly subtask?: number
  readonly partition?: PartitionRow
}

function writer(partitioning: Partitioning, channels: Recorder[], given: Given = {}): EdgeWriter {
  return new EdgeWriter({ partitioning, operatorId: 'map', subtask: 0, maxParallelism: 128, channels, ...given })
}

const SPREADS = ['rebalance', 'rescale', 'broadcast', 'custom', 'hash', 'forward'] as const
const remainder = (value: unknown, subtasks: number): number => (value as number) % subtasks
const sorted = (values: readonly unknown[]) => [...(values as number[])].sort((a, b) => a - b)

const rows = (values: readonly number[]): Element => ({ kind: 'batch', batch: new Batch(values, values) })

const recorders = (count: number) => Array.from({ length: count }, () => new Recorder())

describe('an edge', () => {
  it('by hash sends each row to the subtask of its key group, with key and group, in order', () => {
    const channels = recorders(3)
    const edge = writer('hash', channels)
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
    const edge = writer('hash', recorders(2))
    expect(() => edge.send({ kind: 'batch', batch: new Batch([1], [1]) })).toThrow(/without keys/)
  })

  it('rebalances batches of one row round robin, and sends everything that is no batch to all', () => {
    const channels = recorders(2)
    const edge = writer('rebalance', channels, { subtask: 1 })
    for (let at = 0; at < 4; at++) edge.send(rows([at]))
    edge.send({ kind: 'watermark', timestamp: 9 })
    expect(channels.map(({ values }) => values)).toEqual([
      [1, 3],
      [0, 2],
    ])
    expect(channels.every(({ elements }) => elements.at(-1)?.kind === 'watermark')).toBe(true)
  })

  it('rebalances the rows of one batch too, in runs that keep timestamps, keys and origin', () => {
    const channels = recorders(3)
    const edge = writer('rebalance', channels)
    const values = [0, 1, 2, 3, 4, 5, 6]
    const origin = Origin.ofPoll('s', values.map(String))
    edge.send({ kind: 'batch', batch: new Batch(values, values, values.map(String), values, origin) })
    edge.send(rows([7]))
    expect(channels.map((channel) => channel.values)).toEqual([
      [0, 1, 2],
      [3, 4, 7],
      [5, 6],
    ])
    const last = channels[2]?.elements[0]
    const batch = last?.kind === 'batch' ? last.batch : undefined
    expect([batch?.timestamps, batch?.keys, batch?.groups]).toEqual([
      [5, 6],
      ['5', '6'],
      [5, 6],
    ])
    expect(batch?.origin?.describe(1)).toBe('split s, offset 6')
  })

  it('rescales over the channels that it is given, in turn', () => {
    const channels = recorders(2)
    const edge = writer('rescale', channels)
    for (let at = 0; at < 4; at++) edge.send(rows([at]))
    expect(channels.map(({ values }) => values)).toEqual([
      [0, 2],
      [1, 3],
    ])
  })

  it('by function sends each row where the function says, in order', () => {
    const channels = recorders(3)
    const edge = writer('custom', channels, { partition: remainder })
    edge.send(rows([5, 2, 3, 8]))
    expect(channels.map(({ values }) => values)).toEqual([[3], [], [5, 2, 8]])
  })

  it.each([-1, 2, 0.5, Number.NaN, undefined, null, '1'])(
    'by function refuses %s of 2 subtasks, naming the row',
    (found) => {
      const edge = writer('custom', recorders(2), { partition: () => found as number })
      const error = errorOf(() => edge.send(rows([1])))
      expect(error).toMatchObject({ code: 'PARTITION_INDEX_INVALID', domain: 'user', operatorId: 'map' })
      expect(error.message).toMatch(/from 0 to 1, found .*record 0 of its batch/)
    },
  )

  it('asks the function where there is one subtask too', () => {
    const edge = writer('custom', recorders(1), { partition: () => 1 })
    expect(errorOf(() => edge.send(rows([1]))).code).toBe('PARTITION_INDEX_INVALID')
  })

  it('by function names what it threw, and refuses a promise', async () => {
    const thrown = writer('custom', recorders(2), {
      partition: () => {
        throw new Error('no tenant')
      },
    })
    expect(errorOf(() => thrown.send(rows([1]))).message).toMatch(
      /map: the function of partitionBy.* threw .*no tenant/,
    )
    const promised = writer('custom', recorders(2), {
      partition: (() => Promise.resolve(1)) as unknown as PartitionRow,
    })
    expect(errorOf(() => promised.send(rows([1]))).code).toBe('USER_FUNCTION_RETURNED_PROMISE')
  })

  it('sends each row once, to all by broadcast, and keeps their order in every channel', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SPREADS),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 30 }), { maxLength: 30 }),
        (partitioning, count, batches) => {
          const channels = recorders(partitioning === 'forward' ? 1 : count)
          const edge = writer(partitioning, channels, partitioning === 'custom' ? { partition: remainder } : {})
          let next = 0
          for (const groups of batches) {
            const values = groups.map(() => next++)
            edge.send({ kind: 'batch', batch: new Batch(values, values, values.map(String), groups) })
          }
          const copies = partitioning === 'broadcast' ? count : 1
          const sent = Array.from({ length: next }, (_, value) => value)
          expect(sorted(channels.flatMap(({ values }) => values))).toEqual(
            sent.flatMap((value) => new Array<number>(copies).fill(value)),
          )
          for (const { values } of channels) expect(values).toEqual(sorted(values))
          if (partitioning !== 'rebalance' && partitioning !== 'rescale') return
          const counts = channels.map(({ values }) => values.length)
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it('broadcasts every row when told so', () => {
    const channels = recorders(3)
    const edge = writer('broadcast', channels)
    edge.send({ kind: 'batch', batch: new Batch([7], [7]) })
    expect(channels.map(({ values }) => values)).toEqual([[7], [7], [7]])
  })

  it('has room only while every channel has', () => {
    const channels = recorders(2)
    const edge = writer('rebalance', channels)
    expect(edge.hasRoom).toBe(true)
    ;(channels[1] as Recorder).hasRoom = false
    expect(edge.hasRoom).toBe(false)
  })
})
