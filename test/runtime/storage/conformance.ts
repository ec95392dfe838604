import { describe, expect, it } from 'vitest'
import type { ObjectStore } from '../../../runtime/storage/object-store.js'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export const textOf = (data: Uint8Array | undefined): string | undefined =>
  data === undefined ? undefined : new TextDecoder().decode(data)

/** What every store promises. `open` gives an empty one each time. */
export function describeConformance(kind: string, open: () => Promise<ObjectStore>): void {
  describe(`object store conformance: ${kind}`, () => {
    it('reads back what was created', async () => {
      const store = await open()
      expect(await store.create('a/b/c', bytes('hello'))).toBe('created')
      expect(textOf(await store.read('a/b/c'))).toBe('hello')
    })

    it('keeps an object without bytes, and one of every byte', async () => {
      const store = await open()
      const every = Uint8Array.from({ length: 65_536 }, (_, index) => (index * 31) & 255)
      await store.create('empty', new Uint8Array())
      await store.create('every', every)
      expect(await store.read('empty')).toHaveLength(0)
      expect(Buffer.from((await store.read('every')) ?? []).equals(every)).toBe(true)
    })

    it('reads undefined for what is not there', async () => {
      const store = await open()
      expect(await store.read('a/b')).toBeUndefined()
      expect(await store.readRange('a/b', 0, 1)).toBeUndefined()
    })

    it('leaves an object untouched when its name is created again', async () => {
      const store = await open()
      await store.create('x', bytes('first'))
      expect(await store.create('x', bytes('second'))).toBe('exists')
      expect(await store.create('x', bytes('first'))).toBe('exists')
      expect(textOf(await store.read('x'))).toBe('first')
    })

    it('lets exactly one of many concurrent creates of a name win', async () => {
      const store = await open()
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, (_, n) => store.create('race/x', bytes(`writer ${n}`))),
      )
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
      expect(textOf(await store.read('race/x'))).toBe(`writer ${outcomes.indexOf('created')}`)
    })

    it('reads parts of an object, fewer bytes where it ends before', async () => {
      const store = await open()
      await store.create('x', bytes('0123456789'))
      expect(textOf(await store.readRange('x', 0, 1))).toBe('0')
      expect(textOf(await store.readRange('x', 3, 7))).toBe('3456')
      expect(textOf(await store.readRange('x', 8, 100))).toBe('89')
      expect(textOf(await store.readRange('x', 10, 11))).toBe('')
      expect(textOf(await store.readRange('x', 50, 60))).toBe('')
    })

    it.each([
      [3, 3],
      [4, 3],
      [-1, 3],
      [0, 1.5],
      [Number.NaN, 3],
    ])('refuses a range from %d to %d', async (start, end) => {
      const store = await open()
      await store.create('x', bytes('0123456789'))
      await expect(store.readRange('x', start, end)).rejects.toMatchObject({ code: 'STORAGE_RANGE_INVALID' })
    })

    it('lists names by prefix, sorted', async () => {
      const store = await open()
      for (const name of ['log/2', 'log/1', 'logs/1', 'other/log/1', 'log/10/x']) await store.create(name, bytes(name))
      expect(await store.list('log/')).toEqual(['log/1', 'log/10/x', 'log/2'])
      expect(await store.list('log/1')).toEqual(['log/1', 'log/10/x'])
      expect(await store.list('')).toHaveLength(5)
      expect(await store.list('none/')).toEqual([])
    })

    it('keeps names apart whatever characters are in them', async () => {
      const store = await open()
      const names = ['a b', 'a+b', 'a%20b', 'a&b', 'a<b>', 'a=b', 'a?b', 'a#b', 'é', "a'b", 'a*b', 'a~b(1)!'].sort()
      for (const name of names) expect(await store.create(`odd/${name}`, bytes(name))).toBe('created')
      expect(await store.list('odd/')).toEqual(names.map((name) => `odd/${name}`))
      for (const name of names) expect(textOf(await store.read(`odd/${name}`))).toBe(name)
      await store.deleteMany(names.map((name) => `odd/${name}`))
      expect(await store.list('odd/')).toEqual([])
    })

    it('lists sizes and times of objects', async () => {
      const store = await open()
      const before = Date.now()
      await store.create('a/2', bytes('22'))
      await store.create('a/1', bytes('1'))
      await store.create('b/1', bytes(''))
      const found = await store.listObjects('a/')
      expect(found.map((object) => [object.name, object.bytes])).toEqual([
        ['a/1', 1],
        ['a/2', 2],
      ])
      // S3 gives whole seconds, and the clock of a file system may tick by a few milliseconds.
      for (const { modifiedAt } of found) {
        expect(modifiedAt).toBeGreaterThanOrEqual(before - 1100)
        expect(modifiedAt).toBeLessThanOrEqual(Date.now() + 1100)
      }
    })

    it('deletes, and deletes again', async () => {
      const store = await open()
      await store.create('a/x', bytes('1'))
      await store.delete('a/x')
      await store.delete('a/x')
      expect(await store.read('a/x')).toBeUndefined()
      expect(await store.create('a/x', bytes('2'))).toBe('created')
    })

    it('deletes many at once, also those that are not there, and nothing else', async () => {
      const store = await open()
      const names = Array.from({ length: 30 }, (_, n) => `many/${n}`)
      for (const name of names) await store.create(name, bytes(name))
      await store.create('kept', bytes('x'))
      await store.deleteMany([...names, 'many/never'])
      await store.deleteMany([])
      expect(await store.list('')).toEqual(['kept'])
    })

    it('takes objects while the last one beside them is deleted', async () => {
      const store = await open()
      for (let round = 0; round < 10; round++) {
        await store.create(`folder/${round}/old`, bytes('old'))
        const [outcome] = await Promise.all([
          store.create(`folder/${round}/new`, bytes('new')),
          store.delete(`folder/${round}/old`),
        ])
        expect(outcome).toBe('created')
        expect(textOf(await store.read(`folder/${round}/new`))).toBe('new')
        await store.delete(`folder/${round}/new`)
      }
    })

    it('does not alias the bytes it was given', async () => {
      const store = await open()
      const data = bytes('abc')
      await store.create('x', data)
      data.fill(0)
      const read = await store.read('x')
      read?.fill(0)
      expect(textOf(await store.read('x'))).toBe('abc')
    })

    it.each(['../x', 'a/../../x', '/etc/x', 'a//b', '.', '', 'a/', 'a\nb', 'a\\b', 'x'.repeat(513)])(
      'refuses the name %j',
      async (name) => {
        const store = await open()
        await expect(store.create(name, bytes('x'))).rejects.toMatchObject({ code: 'STORAGE_NAME_INVALID' })
      },
    )
  })
}
