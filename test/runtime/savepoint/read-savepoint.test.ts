import { memoryStore, type ObjectStore } from 'tidemark/run'
import { readSavepoint } from 'tidemark/savepoint'
import { describe, expect, test } from 'vitest'
import { eventsOf, READ_BEFORE, SPLITS } from '../../golden/savepoints/every-state.js'
import { putInto, readGolden } from '../../golden/savepoints/golden-file.js'
import { collected, entriesOf } from './entries.js'

const golden = (name: string): Promise<ObjectStore> => putInto(memoryStore(), readGolden(name))

/** What was read of each key, by the text of the key. */
function eventsByKey() {
  const byKey = new Map<string, number[]>()
  for (let split = 0; split < SPLITS; split++) {
    for (const { key, n } of eventsOf(split).slice(0, READ_BEFORE)) {
      const text = textOfKey(key)
      byKey.set(text, [...(byKey.get(text) ?? []), n])
    }
  }
  return byKey
}
const textOfKey = (key: unknown): string =>
  Array.isArray(key) ? key.map(textOfKey).join() : `${typeof key}:${String(key)}`

/** The value of each key. */
async function valuesOf(store: ObjectStore, operatorId: string, state: string): Promise<Map<string, unknown>> {
  const savepoint = await readSavepoint(store)
  const entries = await collected(savepoint.keyedState(operatorId, state))
  return new Map(entries.map((entry) => [textOfKey(entry.key), entry.kind === 'timer' ? undefined : entry.value]))
}

describe('readSavepoint', () => {
  test('says what the savepoint is of, and what each operator has', async () => {
    const { info, ...savepoint } = await opened('taken-while-running')
    expect(info).toMatchObject({ job: 'every-state', maxParallelism: 16, input: 'open', version: 0, id: 1 })
    const operators = savepoint.operators
    expect(operators.map(({ id }) => id).sort()).toEqual([
      'counted',
      'events',
      'limited',
      'limits',
      'lines',
      'running',
      'sessions',
      'sliding',
      'states',
      'triples',
      'tumbling',
    ])
    expect(operators.find(({ id }) => id === 'states')).toMatchObject({ kind: 'operator', parallelism: 3 })
    expect(operators.find(({ id }) => id === 'events')).toMatchObject({ kind: 'source', version: 1 })
    expect(operators.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(info.bytes)
  })

  test('gives every state under the name and kind that the job declares', async () => {
    const savepoint = await readSavepoint(await golden('stopped'))
    const states = await savepoint.states('states')
    expect(states.map(({ state, kind }) => `${state} ${kind}`).sort()).toEqual([
      'average aggregating',
      'last value',
      'parity map',
      'recent list',
      'seen list',
      'timers timer',
      'total reducing',
    ])
    const windows = { state: 'windows', kind: 'window', version: 1 }
    expect(await savepoint.states('triples')).toEqual([
      { ...windows, layout: expect.stringMatching(/^by-key global\(\)/) },
    ])
    expect(await savepoint.states('sliding')).toEqual([
      { ...windows, layout: expect.stringMatching(/^by-slice sliding\(40s, 20s\)/) },
    ])
    expect(await savepoint.states('tumbling')).toEqual([
      { ...windows, layout: expect.stringMatching(/^by-window tumbling\(40s\)/) },
    ])
  })

  test.each(['taken-while-running', 'stopped', 'copied-increments'])('decodes the keyed state of %s', async (name) => {
    const store = await golden(name)
    const read = eventsByKey()
    const seen = await valuesOf(store, 'states', 'seen')
    expect(seen).toEqual(read)
    const total = await valuesOf(store, 'states', 'total')
    expect(total).toEqual(new Map([...read].map(([key, all]) => [key, all.reduce((sum, n) => sum + n, 0)])))
    const last = await valuesOf(store, 'states', 'last')
    for (const [key, value] of last) expect(value).toEqual({ n: read.get(key)?.at(-1), at: expect.any(Date) })
    const triples = await valuesOf(store, 'triples', 'windows')
    for (const [key, value] of triples) expect(value).toEqual([(read.get(key)?.length ?? 0) % 3])
  })

  test('gives the entries of a map one by one, and timers with their times', async () => {
    const savepoint = await readSavepoint(await golden('stopped'))
    const parity = await collected(savepoint.keyedState('states', 'parity'))
    const counts = new Map<string, number>()
    for (const entry of parity) {
      if (entry.kind !== 'map') throw new TypeError(`a ${entry.kind} in a map`)
      counts.set(entry.mapKey as string, (counts.get(entry.mapKey as string) ?? 0) + (entry.value as number))
    }
    const all = [...eventsByKey().values()].flat()
    expect(counts).toEqual(
      new Map([
        ['even', all.filter((n) => n % 2 === 0).length],
        ['odd', all.filter((n) => n % 2 === 1).length],
      ]),
    )
    const timers = await collected(savepoint.keyedState('states', 'timers'))
    const domains = timers.map((timer) => (timer.kind === 'timer' ? timer.domain : 'none'))
    expect(new Set(domains)).toEqual(new Set(['event', 'processing']))
    expect(domains.filter((domain) => domain === 'processing')).toHaveLength(eventsByKey().size)
  })

  test('puts increments together to the same state as one that was written whole', async () => {
    const whole = await readSavepoint(await golden('stopped'))
    const increments = await readSavepoint(await golden('copied-increments'))
    for (const { id, kind } of whole.operators()) {
      if (kind !== 'operator') continue
      expect(await entriesOf(increments, id), id).toEqual(await entriesOf(whole, id))
    }
    expect((await entriesOf(whole, 'sliding')).length).toBeGreaterThan(5)
  })

  test('gives splits, enumerators, operator state and committables', async () => {
    const savepoint = await readSavepoint(await golden('taken-while-running'))
    const splits = (await collected(savepoint.contents('events'))).flatMap(({ operatorState }) =>
      operatorState.flatMap(({ name, entries }) => (name === 'splits' ? entries : [])),
    ) as { split: { id: string; next: number }; finished: boolean }[]
    expect(splits.map(({ split }) => split)).toEqual(
      [0, 1, 2].map((split) => ({ id: `split-${split}`, next: READ_BEFORE })),
    )
    expect((await savepoint.enumerator('events'))?.known).toEqual(['split-0', 'split-1', 'split-2'])
    expect(await savepoint.enumerator('states')).toBeUndefined()
    const held = (await collected(savepoint.contents('counted'))).flatMap(
      ({ operatorState }) => operatorState.find(({ name }) => name === 'held')?.entries ?? [],
    )
    expect(held).toHaveLength(SPLITS * READ_BEFORE)
    const committables = (await collected(savepoint.contents('lines'))).flatMap((subtask) => subtask.committables)
    expect(committables).toHaveLength(3)
    const broadcast = (await collected(savepoint.contents('limited'))).flatMap((subtask) => subtask.operatorState)
    expect(broadcast).toEqual([{ name: 'limits', mode: 'broadcast', entries: [['n', 30]] }])
  })

  test('reads no more objects than are asked for', async () => {
    const store = await golden('stopped')
    const reads: string[] = []
    const counting: ObjectStore = {
      ...store,
      read(name) {
        reads.push(name)
        return store.read(name)
      },
    }
    const savepoint = await readSavepoint(counting)
    expect(reads).toEqual(['savepoint.json'])
    const entries = savepoint.keyedState('states')
    await entries.next()
    expect(reads).toEqual(['savepoint.json', 'state/states/0-0000'])
    await entries.return(undefined)
  })
})

describe('refused with an error that says why:', () => {
  test('an operator or state that is not there, naming those that are', async () => {
    const savepoint = await readSavepoint(await golden('stopped'))
    await expect(savepoint.states('nothing')).rejects.toMatchObject({
      code: 'SAVEPOINT_OPERATOR_UNKNOWN',
      message: expect.stringContaining("'tumbling'"),
    })
    await expect(collected(savepoint.keyedState('limited', 'under'))).rejects.toMatchObject({
      code: 'SAVEPOINT_STATE_UNKNOWN',
      message: expect.stringContaining("it has 'over'"),
    })
  })

  test('a place that is none', async () => {
    await expect(readSavepoint(memoryStore())).rejects.toMatchObject({ code: 'SAVEPOINT_MISSING' })
  })

  test('an object that has changed or gone, naming it', async () => {
    const objects = new Map(readGolden('stopped'))
    const name = 'state/running/1-0000'
    const bytes = (objects.get(name) as Uint8Array).slice()
    bytes[20] = (bytes[20] as number) ^ 1
    const changed = await readSavepoint(await putInto(memoryStore(), objects.set(name, bytes)))
    await expect(collected(changed.keyedState('running'))).rejects.toMatchObject({
      code: 'CHECKPOINT_CORRUPT',
      message: expect.stringContaining(name),
    })
    objects.delete(name)
    const gone = await readSavepoint(await putInto(memoryStore(), objects))
    await expect(collected(gone.keyedState('running'))).rejects.toMatchObject({ code: 'CHECKPOINT_OBJECT_MISSING' })
  })
})

async function opened(name: string) {
  const savepoint = await readSavepoint(await golden(name))
  return { info: savepoint.info, operators: savepoint.operators() }
}
