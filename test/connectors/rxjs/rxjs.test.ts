import { of, Subject, throwError } from 'rxjs'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { fromObservable, toObserver } from '../../../connectors/rxjs/index.js'
import type { Source } from '../../../core/connector.js'
import { discover, openReader, openWriter, read, readSource, writeAll } from '../file/support.js'

async function opened<T>(source: Source<T>) {
  const [split] = await discover(source)
  return openReader(source, split!)
}

describe('fromObservable', () => {
  test('gives what is emitted, and ends with it', async () => {
    const source = fromObservable(of(1, 2, 3), { bounded: true })
    expectTypeOf(source).toEqualTypeOf<Source<number>>()
    expect((await readSource(source)).values).toEqual([1, 2, 3])
  })

  test('wakes for each value, and is caught up when none waits', async () => {
    const subject = new Subject<number>()
    const { reader, bell } = await opened(fromObservable(subject))
    expect(reader.caughtUp).toBe(true)
    expect(reader.poll(10)).toBeUndefined()
    subject.next(1)
    subject.next(2)
    subject.next(3)
    expect(bell.count).toBe(3)
    expect(reader.caughtUp).toBe(false)
    expect(reader.poll(2)?.values).toEqual([1, 2])
    expect(reader.poll(2)?.values).toEqual([3])
    subject.complete()
    expect(reader.finished).toBe(true)
  })

  test('an error comes after the values before it', async () => {
    const subject = new Subject<number>()
    const { reader } = await opened(fromObservable(subject))
    subject.next(1)
    subject.error(new Error('broken'))
    expect(reader.finished).toBe(false)
    expect(reader.poll(10)?.values).toEqual([1])
    expect(() => reader.poll(10)).toThrow(expect.objectContaining({ code: 'OBSERVABLE_FAILED', operatorId: 'op' }))
    await expect(readSource(fromObservable(throwError(() => 'odd')))).rejects.toMatchObject({
      message: expect.stringContaining('odd'),
    })
  })

  test('more than fits fails, and unsubscribes', async () => {
    const subject = new Subject<number>()
    const reading = await opened(fromObservable(subject, { bufferSize: 2 }))
    for (const value of [1, 2, 3, 4]) subject.next(value)
    expect(subject.observed).toBe(false)
    await expect(read(reading)).rejects.toMatchObject({ code: 'OBSERVABLE_OVERFLOW' })
    await expect(readSource(fromObservable(of(1, 2, 3), { bufferSize: 2 }))).rejects.toMatchObject({
      code: 'OBSERVABLE_OVERFLOW',
    })
  })

  test('or is dropped and counted, where that is chosen', async () => {
    const result = await readSource(fromObservable(of(1, 2, 3, 4, 5), { bufferSize: 2, overflow: 'drop' }))
    expect(result).toMatchObject({ values: [1, 2], skipped: 3 })
  })

  test('a drain takes what is there and no more; close unsubscribes', async () => {
    const subject = new Subject<number>()
    const reading = await opened(fromObservable(subject))
    subject.next(1)
    reading.reader.endAtTip?.()
    subject.next(2)
    expect((await read(reading)).values).toEqual([1])
    const other = await opened(fromObservable(subject))
    await other.reader.close()
    expect(subject.observed).toBe(false)
  })

  test('a buffer size that cannot work is refused', () => {
    expect(() => fromObservable(of(1), { bufferSize: 0 })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('toObserver', () => {
  test('hands rows on in order and never completes', async () => {
    const subject = new Subject<number>()
    const seen: unknown[] = []
    subject.subscribe({ next: (value) => seen.push(value), complete: () => seen.push('complete') })
    const open = await openWriter(toObserver(subject))
    await writeAll(open, [1, 2])
    expect(await open.writer.prepareCommit(1)).toEqual([])
    await open.writer.close()
    expect(seen).toEqual([1, 2])
  })

  test('an observer that throws is named', async () => {
    const open = await openWriter(
      toObserver({
        next: () => {
          throw new Error('full')
        },
      }),
    )
    await expect(writeAll(open, [1])).rejects.toMatchObject({ code: 'USER_FUNCTION_FAILED', operatorId: 'op' })
  })
})
