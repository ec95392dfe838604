import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TidemarkError } from '../../../core/errors.js'
import { ABSENT, FrameWriter, framesOf, OBJECT_MAGIC, readFrame } from '../../../core/state/frames.js'
import { KeyedState } from '../../../core/state/keyed-state.js'
import { KeyedTimers } from '../../../core/time/timers.js'
import { KEYS } from './lab-state.js'
import { StateLab, type Taken } from './state-lab.js'

const RANGE = { first: 0, end: 8 }
const corrupt = expect.objectContaining({ code: 'CHECKPOINT_CORRUPT', domain: 'storage', operatorId: 'step' })
const fail = (found: string): Error => new Error(found)

interface Entry {
  readonly key: unknown
  readonly value: unknown
}

interface Written {
  readonly group?: number
  readonly component?: string
  readonly layout?: string
  readonly version?: number
  readonly base?: number
  readonly entries?: readonly Entry[]
}

/** Of the value state `v`, unless it is said. */
function frame({
  group = 4,
  component = 'state:v',
  version = 1,
  base = 0,
  entries = [],
  ...rest
}: Written): Uint8Array {
  const writer = new FrameWriter({ group, component, layout: rest.layout ?? 'value-by-key', version, base })
  const encoder = writer.begin()
  for (const { key, value } of entries) {
    encoder.value(key)
    if (value === ABSENT) encoder.absent()
    else encoder.value(value)
  }
  return writer.take()
}

function object(...frames: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from([...OBJECT_MAGIC, ...frames.flatMap((one) => [...one])])
}

function open() {
  const state = new KeyedState({ operatorId: 'step', range: RANGE })
  const value = state.value<unknown>({ kind: 'value', name: 'v' })
  const map = state.map<number, unknown>({ kind: 'map', name: 'm' })
  state.list<number>({ kind: 'list', name: 'l' })
  const timers = new KeyedTimers(RANGE)
  state.register(timers)
  const at = (key: string | number) => {
    state.setCurrentKey(key, 4)
    return value.value()
  }
  return { state, value, map, timers, at }
}

/** Objects of checkpoints 1, 2, 3... */
function load(objects: readonly (Uint8Array | undefined)[]) {
  const opened = open()
  const restore = opened.state.restore()
  objects.forEach((bytes, index) => {
    if (bytes === undefined) return
    restore.add(bytes, index + 1)
    while (!restore.work(() => true));
  })
  restore.finish()
  return { ...opened, unclaimed: restore.unclaimed }
}

describe('frames', () => {
  it('read back as they were written', () => {
    const entries = [
      { key: 'a', value: { n: 1 } },
      { key: 5n, value: ABSENT },
      { key: 'a', value: undefined },
    ]
    const [raw] = framesOf(object(frame({ base: 7, entries })), fail)
    const { entries: read, ...head } = readFrame(raw as NonNullable<typeof raw>, fail)
    expect(head).toEqual({ group: 4, component: 'state:v', layout: 'value-by-key', version: 1, base: 7 })
    for (const { key, value } of entries) expect([read.value(), read.valueOrAbsent()]).toEqual([key, value])
    expect(read.hasMore).toBe(false)
  })

  it('of groups that are not the subtask’s are passed over', () => {
    const entries = [{ key: 'a', value: 1 }]
    const { state } = load([object(frame({ group: 8, entries }), frame({ group: 4_000_000_000, entries }))])
    expect(state.sizes.get('state:v')).toBe(0)
  })

  it('are applied in their order: deletions, then what came back, then what a later checkpoint changed', () => {
    const { at, state } = load([
      object(frame({ entries: [{ key: 'a', value: 1 }] }), frame({ entries: [{ key: 'b', value: 2 }] })),
      object(
        frame({ base: 1, entries: [{ key: 'a', value: ABSENT }] }),
        frame({ base: 1, entries: [{ key: 'c', value: 3 }] }),
      ),
      object(frame({ base: 2, entries: [{ key: 'a', value: 4 }] })),
    ])
    expect([at('a'), at('b'), at('c')]).toEqual([4, 2, 3])
    expect(state.sizes.get('state:v')).toBe(3)
  })

  it('of a whole run replace what earlier objects held', () => {
    const { at, state, map } = load([
      object(
        frame({ entries: [{ key: 'a', value: 1 }] }),
        frame({ component: 'state:m', layout: 'map-by-key', entries: [{ key: ['a', 1], value: 1 }] }),
        frame({ component: 'timers', layout: 'by-key', entries: [{ key: [0, 5, 'a', ''], value: null }] }),
      ),
      object(
        frame({ entries: [{ key: 'b', value: 2 }] }),
        frame({ component: 'state:m', layout: 'map-by-key' }),
        frame({ component: 'timers', layout: 'by-key' }),
      ),
    ])
    expect([at('a'), at('b')]).toEqual([undefined, 2])
    expect(map.isEmpty()).toBe(true)
    expect([...state.sizes.values()]).toEqual([1, 0, 0, 0])
  })

  it('of states that nobody declares are named once, without the engine’s mark', () => {
    const { unclaimed } = load([
      object(
        frame({ component: 'state:gone', entries: [{ key: 'a', value: 1 }] }),
        frame({ component: 'state:gone' }),
        frame({ component: 'windows' }),
      ),
    ])
    expect(unclaimed).toEqual(['gone', 'windows'])
  })
})

describe('increments', () => {
  const whole = object(frame({ entries: [{ key: 'a', value: 1 }] }))
  const added = (base: number, value: number) => object(frame({ base, entries: [{ key: 'a', value }] }))

  it('without what they add to are refused, naming both checkpoints', () => {
    for (const objects of [
      [undefined, added(1, 2)],
      [whole, undefined, added(2, 3)],
      [whole, undefined, added(2, 3), added(3, 4)],
    ]) {
      expect(() => load(objects)).toThrow(corrupt)
    }
    expect(() => load([whole, undefined, added(2, 3)])).toThrow(/key group 4.*checkpoint 3.*checkpoint 2/)
  })

  it('that nothing needs any more, in objects that other groups need, are passed over', () => {
    expect(load([undefined, undefined, added(2, 3), whole]).at('a')).toBe(1)
    expect(load([whole, undefined, added(2, 3), added(1, 4)]).at('a')).toBe(4)
    expect(load([whole, undefined, added(2, 3), whole, added(4, 5)]).at('a')).toBe(5)
  })
})

describe('a corrupt object is refused: CHECKPOINT_CORRUPT, naming the operator', () => {
  it.each<[string, Uint8Array]>([
    ['of nothing', new Uint8Array()],
    ['of another kind', Uint8Array.of(1, 2, 3, 4, 5)],
    ['cut off in its mark', OBJECT_MAGIC.subarray(0, 3)],
    ['that ends in a frame’s head', object(Uint8Array.of(0, 0, 0))],
    ['with a frame of 4 GB', object(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 4))],
    ['with an empty frame', object(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 4))],
    ['with a frame that is no data', object(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 4, 0xc1))],
    ['with a frame without a layout', object(Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 4, 0xa1, 0x61))],
    ['with a component that is no text', object(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 4, 1, 1, 1, 1))],
    ['with a version that is no number', object(frame({ version: 'x' as unknown as number }))],
    ['with a negative base', object(frame({ base: -1 }))],
    ['with a base of half', object(frame({ base: 0.5 }))],
    ['with a key without a value', object(Uint8Array.from(frameWithoutValue()))],
    ['with a key that is an object', object(frame({ entries: [{ key: {}, value: 1 }] }))],
    ['with a key that is a list', object(frame({ entries: [{ key: ['a'], value: 1 }] }))],
    ['with a deleted key that is null', object(frame({ entries: [{ key: null, value: ABSENT }] }))],
    ['with a map’s entry that has no map', map(5, 1)],
    ['with a map’s entry of three', map(['a', 1, 2], 1)],
    ['with a map’s entry of none', map([], ABSENT)],
    ['with a map’s entry that is an object', map(['a', {}], 1)],
    ['with a map that has a value itself', map(['a'], 1)],
    [
      'with a list that is none',
      object(frame({ component: 'state:l', layout: 'list-by-key', entries: [{ key: 'a', value: 5 }] })),
    ],
    ['with timers that are none', timers([0, 'soon', 'a', ''])],
  ])('%s', (_name, bytes) => {
    expect(() => load([bytes])).toThrow(corrupt)
  })

  it('of another layout or version is refused as such', () => {
    const unknown = expect.objectContaining({ code: 'STATE_LAYOUT_UNKNOWN', operatorId: 'step' })
    for (const other of [{ layout: 'by-window' }, { layout: 'by-key', version: 2 }]) {
      expect(() => load([object(frame({ component: 'timers', ...other }))])).toThrow(unknown)
    }
    for (const other of [{ layout: 'list-by-key' }, { version: 99 }]) {
      const refused = expect.not.objectContaining({ code: 'CHECKPOINT_CORRUPT' })
      expect(() => load([object(frame(other))])).toThrow(TidemarkError)
      expect(() => load([object(frame(other))])).toThrow(refused)
    }
  })
})

describe('objects of all kinds of state', () => {
  const taken = everything()
  const bytes = taken.objects[0]?.[0]?.bytes as Uint8Array

  const refusal = (mutated: Uint8Array): TidemarkError | undefined => {
    try {
      new StateLab(1).recover({ ...taken, objects: [[{ id: 1, bytes: mutated }]] }, 1)
      return undefined
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
      expect(error.operatorId).toBe('lab')
      return error
    }
  }

  it('that are cut off anywhere but between two frames are refused', () => {
    const ends = new Set<number>([OBJECT_MAGIC.length])
    let end = OBJECT_MAGIC.length
    for (const { payload } of framesOf(bytes, fail)) {
      end += 8 + payload.length
      ends.add(end)
    }
    expect(end).toBe(bytes.length)
    for (let length = 0; length < bytes.length; length += length < 2_000 ? 1 : 37) {
      expect(refusal(bytes.subarray(0, length))?.code, `${length} bytes`).toBe(
        ends.has(length) ? undefined : 'CHECKPOINT_CORRUPT',
      )
    }
  })

  it('with changed bytes give state or a typed error, nothing else', () => {
    const mutation = fc.record({ at: fc.nat(bytes.length - 1), byte: fc.integer({ min: 0, max: 255 }) })
    let refused = 0
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        const mutated = bytes.slice()
        for (const { at, byte } of mutations) mutated[at] = byte
        if (refusal(mutated) !== undefined) refused++
      }),
      { numRuns: 1_500, interruptAfterTimeLimit: 5_000 },
    )
    expect(refused).toBeGreaterThan(100)
  })
})

function everything(): Taken {
  const lab = new StateLab(1)
  lab.updateValues(0, 20)
  lab.addToLists(0, 20)
  lab.putIntoMaps(0, 20, 2)
  lab.addToSums(0, 20)
  lab.registerTimers(0, 20, 1)
  lab.addToPane(KEYS - 10, 20, 1)
  lab.begin('checkpoint')
  return lab.complete() as Taken
}

function frameWithoutValue(): Uint8Array {
  const writer = new FrameWriter({ group: 4, component: 'state:v', layout: 'value-by-key', version: 1, base: 0 })
  writer.begin().value('a')
  return writer.take()
}

function map(key: unknown, value: unknown): Uint8Array {
  return object(frame({ component: 'state:m', layout: 'map-by-key', entries: [{ key, value }] }))
}

function timers(key: unknown): Uint8Array {
  return object(frame({ component: 'timers', layout: 'by-key', entries: [{ key, value: null }] }))
}
