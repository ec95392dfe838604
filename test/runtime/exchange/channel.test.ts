import { describe, expect, it } from 'vitest'
import { Batch, type Element } from '../../../core/element.js'
import { LocalChannel } from '../../../runtime/exchange/channel.js'

const rows = (count: number): Element => {
  const values = Array.from({ length: count }, (_, index) => index)
  return { kind: 'batch', batch: new Batch(values, values) }
}
const watermark = (timestamp: number): Element => ({ kind: 'watermark', timestamp })

function channel(capacity: number) {
  const calls = { data: 0, room: 0 }
  const made = new LocalChannel({ capacity, onData: () => calls.data++, onRoom: () => calls.room++ })
  return { made, calls }
}

describe('a local channel', () => {
  it('hands over elements in order, by reference', () => {
    const { made } = channel(100)
    const sent = [rows(2), watermark(5), rows(3), { kind: 'end' } as const]
    for (const element of sent) made.send(element)
    const received = [made.receive(), made.receive(), made.receive(), made.receive(), made.receive()]
    expect(received.slice(0, 4).every((element, index) => element === sent[index])).toBe(true)
    expect(received[4]).toBeUndefined()
  })

  it('has no room from its bound of rows on, and says when there is room again', () => {
    const { made, calls } = channel(10)
    made.send(rows(9))
    expect(made.hasRoom).toBe(true)
    made.send(rows(9))
    expect(made.hasRoom).toBe(false)
    made.receive()
    expect(made.hasRoom).toBe(true)
    expect(calls.room).toBe(1)
    made.receive()
    expect(calls.room).toBe(1)
  })

  it('wakes its receiver when it was empty', () => {
    const { made, calls } = channel(10)
    made.send(rows(1))
    made.send(rows(1))
    expect(calls.data).toBe(1)
    made.receive()
    made.receive()
    made.send(rows(1))
    expect(calls.data).toBe(2)
  })

  it('keeps only the latest of watermarks that wait behind one another', () => {
    const { made } = channel(10)
    for (let at = 0; at < 1000; at++) made.send(watermark(at))
    expect(made.queuedRows).toBe(1)
    made.send(rows(1))
    made.send(watermark(1000))
    expect([made.receive(), made.receive(), made.receive()].map((element) => element?.kind)).toEqual([
      'watermark',
      'batch',
      'watermark',
    ])
  })

  it('stays correct while it is filled and emptied for long', () => {
    const { made } = channel(1_000_000)
    let next = 0
    let expected = 0
    for (let round = 0; round < 500; round++) {
      for (let count = 0; count < 7; count++) {
        const at = next++
        made.send({ kind: 'batch', batch: new Batch([at], [at]) })
      }
      for (let count = 0; count < 6; count++) {
        const element = made.receive()
        expect(element?.kind === 'batch' && element.batch.values[0]).toBe(expected++)
      }
    }
    expect(made.queuedRows).toBe(500)
  })
})
