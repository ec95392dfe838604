import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type ObjectStore } from 'tidemark/run'
import { type KeyedEntry, readSavepoint, transformSavepoint } from 'tidemark/savepoint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Line } from '../../golden/savepoints/every-state.js'
import { type Objects, objectsIn, putInto, putIntoFolder, readGolden } from '../../golden/savepoints/golden-file.js'
import { runGolden } from '../../golden/savepoints/run-golden.js'
import { collected, entriesOf, textOf } from './entries.js'
import { sealed } from './sealed.js'

const golden = (name: string): Promise<ObjectStore> => putInto(memoryStore(), readGolden(name))
const sorted = (lines: readonly Line[]): Line[] => lines.filter((line) => !line.startsWith('known')).sort()

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-transform-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Of a savepoint, unsealed. */
function manifestIn(objects: Objects) {
  const { body } = JSON.parse(new TextDecoder().decode(objects.get('savepoint.json'))) as { readonly body: string }
  return JSON.parse(body) as { operators: { id: string; subtasks: { watermark: number }[] }[] }
}

/** The entries of an operator without their key groups. */
async function ungrouped(store: ObjectStore, operatorId: string): Promise<string[]> {
  const savepoint = await readSavepoint(store)
  const entries = (await collected(savepoint.keyedState(operatorId))).map(({ group: _, ...entry }) => entry)
  return entries.map(textOf).sort()
}

describe('transformSavepoint', () => {
  test('with nothing to do copies every object as it is', async () => {
    for (const name of ['taken-while-running', 'copied-increments']) {
      const to = memoryStore()
      const { entries } = await transformSavepoint(await golden(name), to, {})
      expect(entries).toEqual({ read: 0, dropped: 0 })
      const copied = new Map(await objectsIn(to))
      const original = new Map(readGolden(name))
      expect(manifestIn(copied)).toEqual(manifestIn(original))
      for (const objects of [copied, original]) objects.delete('savepoint.json')
      expect(copied).toEqual(original)
    }
  })

  test.each(['taken-while-running', 'copied-increments'])(
    'deals the keys of %s out anew for another max parallelism, and back',
    async (name) => {
      const from = await golden(name)
      const larger = memoryStore()
      const back = memoryStore()
      await transformSavepoint(from, larger, { maxParallelism: 1000 })
      await transformSavepoint(larger, back, { maxParallelism: 16 })
      const [before, between, after] = await Promise.all([from, larger, back].map((store) => readSavepoint(store)))
      expect(between?.info.maxParallelism).toBe(1000)
      for (const { id, kind } of before?.operators() ?? []) {
        if (kind !== 'operator') continue
        expect(await ungrouped(larger, id), id).toEqual(await ungrouped(from, id))
        // In the same groups again; each read verifies that a key belongs to its group.
        expect(await entriesOf(after as never, id), id).toEqual(await entriesOf(before as never, id))
      }
    },
  )

  test('makes a savepoint from which the job goes on at the new max parallelism', async () => {
    const whole = await (await runGolden(1)).finish()
    putIntoFolder(join(folder, 'before'), readGolden('taken-while-running'))
    const after = join(folder, 'after')
    await transformSavepoint(join(folder, 'before'), after, { maxParallelism: 300 })
    for (const parallelism of [1, 5]) {
      const run = await runGolden(parallelism, { from: after, maxParallelism: 300 })
      expect(sorted(await run.finish())).toEqual(sorted(whole))
    }
  })

  test('renames and drops operators, and the job', async () => {
    const to = memoryStore()
    const transform = {
      renameOperators: { states: 'all-states', events: 'input' },
      dropOperators: ['lines'],
      job: 'other',
    }
    await transformSavepoint(await golden('stopped'), to, transform)
    const [before, after] = [await readSavepoint(await golden('stopped')), await readSavepoint(to)]
    expect(after.info.job).toBe('other')
    const ids = after.operators().map(({ id }) => id)
    expect(ids).toEqual(
      before
        .operators()
        .map(({ id }) => id)
        .filter((id) => id !== 'lines')
        .map((id) => ({ states: 'all-states', events: 'input' })[id] ?? id),
    )
    expect(await entriesOf(after, 'all-states')).toEqual(await entriesOf(before, 'states'))
    expect((await after.enumerator('input'))?.known).toHaveLength(3)
    expect((await to.list('')).some((name) => name.includes('lines') || name.startsWith('state/states/'))).toBe(false)
  })

  test('changes and drops entries, by the old id of the operator', async () => {
    const to = memoryStore()
    const seen = new Set<string>()
    const { entries } = await transformSavepoint(await golden('copied-increments'), to, {
      renameOperators: { states: 'new' },
      mapState(operatorId, state, entry) {
        seen.add(`${operatorId} ${state}`)
        if (operatorId !== 'states') return entry
        if (entry.kind === 'reducing') return { ...entry, value: (entry.value as number) * 100 }
        return state === 'parity' ? undefined : entry
      },
    })
    const before = await readSavepoint(await golden('copied-increments'))
    const after = await readSavepoint(to)
    const totals = async (savepoint: typeof after, id: string): Promise<number[]> =>
      (await collected(savepoint.keyedState(id, 'total'))).map((entry) => ('value' in entry ? Number(entry.value) : 0))
    const sum = (numbers: number[]): number => numbers.reduce((left, right) => left + right, 0)
    expect(sum(await totals(after, 'new'))).toBe(100 * sum(await totals(before, 'states')))
    expect((await after.states('new')).map(({ state }) => state)).not.toContain('parity')
    expect(entries.dropped).toBe((await collected(before.keyedState('states', 'parity'))).length)
    expect(seen).toContain('sessions windows')
    // Windows of a key stay together.
    for (const id of ['sessions', 'triples', 'tumbling', 'sliding']) {
      expect(await entriesOf(after, id), id).toEqual(await entriesOf(before, id))
    }
  })
})

describe('refused, and nothing is left behind:', () => {
  const refused = async (transform: Parameters<typeof transformSavepoint>[2]) => {
    const to = memoryStore()
    const error = await transformSavepoint(await golden('stopped'), to, transform).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(await to.list('')).toEqual([])
    return error
  }

  test('an entry that is another than before', async () => {
    const changes: ((entry: KeyedEntry) => KeyedEntry)[] = [
      (entry) => ({ ...entry, key: 'another' }),
      (entry) => (entry.kind === 'map' ? { ...entry, mapKey: 'another' } : entry),
      (entry) => (entry.kind === 'timer' ? { ...entry, timestamp: 5 } : entry),
      (entry) => (entry.kind === 'window' ? { ...entry, window: { ...entry.window, start: 5 } } : entry),
      (entry) => (entry.kind === 'value' ? { ...entry, kind: 'reducing' } : entry),
    ]
    for (const change of changes) {
      const error = await refused({ mapState: (_id, _state, entry) => change(entry) })
      expect(error).toMatchObject({ code: 'SAVEPOINT_ENTRY_INVALID' })
    }
  })

  test('a value that cannot be stored', async () => {
    const error = await refused({
      mapState: (_id, _state, entry) => (entry.kind === 'value' ? { ...entry, value: () => 1 } : entry),
    })
    expect(error).toMatchObject({ code: 'SAVEPOINT_ENTRY_INVALID', message: expect.stringContaining('a function') })
  })

  test('operators that are not there, ids that are none or taken, a max parallelism that is none', async () => {
    expect(await refused({ dropOperators: ['no'] })).toMatchObject({ code: 'SAVEPOINT_OPERATOR_UNKNOWN' })
    expect(await refused({ renameOperators: { no: 'a' } })).toMatchObject({ code: 'SAVEPOINT_OPERATOR_UNKNOWN' })
    for (const transform of [
      { renameOperators: { states: '../a' } },
      { renameOperators: { states: 'running' } },
      { maxParallelism: 0 },
      { maxParallelism: 1.5 },
      { maxParallelism: 100_000 },
      { job: '' },
    ]) {
      expect(await refused(transform)).toMatchObject({ code: 'OPTION_INVALID' })
    }
    expect(await refused({ renameOperator: {} } as never)).toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('a place that holds something', async () => {
    const to = memoryStore()
    await to.create('a', new Uint8Array(1))
    await expect(transformSavepoint(await golden('stopped'), to, {})).rejects.toMatchObject({
      code: 'SAVEPOINT_EXISTS',
    })
    expect(await to.list('')).toEqual(['a'])
  })

  test('keys of groups at different times, for another max parallelism', async () => {
    const objects = new Map(readGolden('stopped'))
    const manifest = manifestIn(objects)
    const subtask = manifest.operators.find(({ id }) => id === 'tumbling')?.subtasks[0]
    if (subtask) subtask.watermark = 5
    const from = await putInto(memoryStore(), objects.set('savepoint.json', sealed(manifest)))
    const transformed = transformSavepoint(from, memoryStore(), { maxParallelism: 32 })
    await expect(transformed).rejects.toMatchObject({ code: 'SAVEPOINT_WATERMARKS_DIFFER', operatorId: 'tumbling' })
  })
})
