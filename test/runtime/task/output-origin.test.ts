import { expect, test } from 'vitest'
import { Batch, type Element } from '../../../core/element.js'
import { Origin } from '../../../core/origin.js'
import { OutputBuffer } from '../../../runtime/task/output-buffer.js'

function buffer(): { output: OutputBuffer; batches: () => Batch[] } {
  const sent: Element[] = []
  const outlet = { hasRoom: true, send: (element: Element) => void sent.push(element) }
  const output = new OutputBuffer({ operatorId: 'op', outlets: [[outlet]], capacity: 100, overflowLimit: 100 })
  return {
    output,
    batches: () => {
      output.flush()
      return sent.splice(0).flatMap((element) => (element.kind === 'batch' ? [element.batch] : []))
    },
  }
}

test('rows that were emitted while an operator worked on one batch have its origin', () => {
  const { output, batches } = buffer()
  const origin = Origin.ofPoll('a', [1, 2]).scattered()
  output.origin = origin
  output.emit('x', 0)
  output.emit('y', 0)
  output.origin = undefined
  expect(batches()[0]?.origin).toBe(origin)
  output.emit('of a timer', 0)
  expect(batches()[0]?.origin).toBeUndefined()
})

test('rows of several batches in one have none', () => {
  const { output, batches } = buffer()
  output.origin = Origin.ofPoll('a')
  output.emit('x', 0)
  output.origin = Origin.ofPoll('b')
  output.emit('y', 0)
  const [batch] = batches()
  expect(batch?.values).toEqual(['x', 'y'])
  expect(batch?.origin).toBeUndefined()
})

test('a batch that is handed on keeps its own', () => {
  const { output, batches } = buffer()
  const origin = Origin.ofPoll('a')
  output.emitBatch(new Batch([1], [1], undefined, undefined, origin))
  expect(batches()[0]?.origin).toBe(origin)
})
