import { describe, expect, it } from 'vitest'
import type { OperatorManifest } from '../../../core/checkpoint/manifest.js'
import { floorsAbove, subtasksOverlapping, watermarkByGroup } from '../../../core/checkpoint/redistribute.js'
import { MIN_WATERMARK } from '../../../core/element.js'

const operator: OperatorManifest = {
  id: 'windows',
  kind: 'operator',
  version: 1,
  subtasks: [
    {
      range: { first: 0, end: 3 },
      watermark: 10,
      floors: [{ first: 1, end: 2, watermark: 40 }],
      keyed: [],
      state: null,
    },
    { range: { first: 3, end: 6 }, watermark: null, floors: [], keyed: [], state: null },
  ],
}

describe('what a checkpoint stored is dealt out by key group', () => {
  it('each key group has the watermark of its subtask, or the floor it had before', () => {
    expect([...watermarkByGroup(operator, 6)]).toEqual([10, 40, 10, MIN_WATERMARK, MIN_WATERMARK, MIN_WATERMARK])
  })

  it('floors are the groups ahead of the watermark, in runs', () => {
    const stored = [5, 9, 9, 7, 9, 3]
    expect(floorsAbove({ first: 0, end: 6 }, 5, (group) => stored[group] ?? 0)).toEqual([
      { first: 1, end: 3, watermark: 9 },
      { first: 3, end: 4, watermark: 7 },
      { first: 4, end: 5, watermark: 9 },
    ])
    expect(floorsAbove({ first: 1, end: 3 }, 9, (group) => stored[group] ?? 0)).toEqual([])
  })

  it('a subtask gets state from those whose ranges meet its own', () => {
    expect(subtasksOverlapping(operator, { first: 2, end: 4 })).toEqual([0, 1])
    expect(subtasksOverlapping(operator, { first: 3, end: 6 })).toEqual([1])
  })
})
