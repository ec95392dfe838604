import { expect, test } from 'vitest'
import { recordBytes } from '../../../../core/operators/guard/record-bytes.js'

const cyclic: { id: number; self?: unknown } = { id: 1 }
cyclic.self = cyclic

const revoked = Proxy.revocable({}, {})
revoked.revoke()

test.each<[string, unknown, string]>([
  ['bytes as they are', new Uint8Array([104, 105]), 'hi'],
  ['text as it is', 'größe', 'größe'],
  ['an object as JSON', { id: 1, big: 2n, when: new Map([['a', 1]]) }, '{"id":1,"big":"2","when":[["a",1]]}'],
  ['nothing by its name', undefined, 'undefined'],
  ['a cycle without what it holds', cyclic, '{"id":1,"self":"an object"}'],
  [
    'a property that throws by its name',
    {
      id: 1n,
      get total(): number {
        throw new Error('no total')
      },
    },
    '{"id":"1","total":"a value that cannot be read"}',
  ],
  ['what cannot be looked into in words', revoked.proxy, 'a record that cannot be read'],
])('a dead letter shows %s', (_, record, shown) => {
  expect(new TextDecoder().decode(recordBytes(record))).toBe(shown)
})
