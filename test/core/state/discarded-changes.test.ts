import { describe, expect, it } from 'vitest'
import { HEAP_LEAVES } from '../../../core/state/heap-leaves.js'
import { KeyedSnapshot } from '../../../core/state/keyed-snapshot.js'
import { LeafTable } from '../../../core/state/leaf-table.js'
import { KeyedTimers } from '../../../core/time/timers.js'

const RANGE = { first: 0, end: 1 }

const newTable = (hasSpaces: boolean): LeafTable =>
  new LeafTable({
    name: 'windows',
    operatorId: 'step',
    slots: 1,
    firstGroup: 0,
    store: HEAP_LEAVES,
    layout: { layout: 'by-window', version: 1 },
    accept: () => undefined,
    hasSpaces,
  })

/** Everything written; never out of time. */
function checkpoint(table: LeafTable, checkpointId: number): number {
  const options = { checkpointId, isSavepoint: false, operatorId: 'step', firstGroup: 0 }
  const snapshot = new KeyedSnapshot([table as never], options)
  while (!snapshot.work(() => false));
  table.changes.complete(checkpointId)
  return snapshot.takeObjects().reduce((bytes, object) => bytes + object.length, 0)
}

describe('what comes and goes between two checkpoints', () => {
  it('is not kept in memory: windows', () => {
    const table = newTable(true)
    for (let window = 0; window < 1000; window++) {
      const space = table.openSpace(0, window)
      for (let key = 0; key < 50; key++) table.insert(space, `key-${key}`, { count: 1 })
      table.drop(space)
    }
    expect(table.changes.listOf(0).length).toBeLessThan(1000)
    expect(checkpoint(table, 1)).toBeLessThan(200)
  })

  it('is not kept in memory: single entries', () => {
    const table = newTable(false)
    for (let key = 0; key < 10_000; key++) {
      const leaf = table.insert(table.openSpace(0), `key-${key}`, key)
      table.remove(leaf)
    }
    expect(table.changes.listOf(0).length).toBeLessThan(1000)
    expect(checkpoint(table, 1)).toBeLessThan(200)
  })

  it('is not kept in memory: timers', () => {
    const timers = new KeyedTimers(RANGE)
    for (let timestamp = 0; timestamp < 10_000; timestamp++) {
      timers.event.register({ timestamp, key: 'a', group: 0, namespace: '' })
      timers.event.takeDue(timestamp)
    }
    expect(timers.changes.listOf(0).length).toBeLessThan(1000)
  })

  it('is written as gone when a checkpoint holds it, however much else came and went', () => {
    const table = newTable(true)
    const stored = table.openSpace(0, -1)
    table.insert(stored, 'old', 1)
    expect(checkpoint(table, 1)).toBeGreaterThan(0)
    table.drop(stored)
    for (let window = 0; window < 1000; window++) {
      const space = table.openSpace(0, window)
      table.insert(space, 'new', 1)
      table.drop(space)
    }
    expect([...iterate(table)]).toContain(stored)
  })

  it('stays listed while a snapshot may still write it', () => {
    const table = newTable(true)
    const spaces = Array.from({ length: 300 }, (_, window) => {
      const space = table.openSpace(0, window)
      table.insert(space, 'key', window)
      return space
    })
    const options = { checkpointId: 1, isSavepoint: false, operatorId: 'step', firstGroup: 0 }
    const snapshot = new KeyedSnapshot([table as never], options)
    for (const space of spaces) table.drop(space)
    while (!snapshot.work(() => false));
    table.changes.complete(1)
    // The checkpoint holds all of them: that each is gone has to be written by the next one.
    expect(new Set(iterate(table))).toEqual(new Set(spaces))
  })
})

function* iterate(table: LeafTable) {
  const listed = table.changes.listOf(0).values()
  for (let next = listed.next(); next.done !== true; next = listed.next()) yield next.value
}
