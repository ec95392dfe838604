import { readSavepoint, type SavepointReader } from '../../savepoint/read-savepoint.js'
import type { SavepointInfo, SavepointOperator } from '../../savepoint/savepoint-info.js'
import type { CliIo } from '../program.js'
import { bytesText, table } from '../table.js'
import { toJson } from './json-value.js'
import { counting, type PlaceFlags, withPlace } from './place.js'
import { byteProgress } from './progress.js'

export interface ShowOptions extends PlaceFlags {
  readonly json: boolean
  /** Counts what is in the keyed states: everything is read. */
  readonly entries: boolean
}

interface ShownState {
  readonly state: string
  readonly kind: string
  readonly layout: string
  readonly version: number
  readonly entries: number
}

interface ShownOperator extends SavepointOperator {
  /** Of a source: what its splits are read on from, in the source's own words. */
  readonly splits?: readonly unknown[]
  /** Of a sink: how many are to be committed. */
  readonly committables?: number
  /** State that is not keyed, by name: how it is dealt out, and how many entries there are. */
  readonly operatorState: readonly { readonly state: string; readonly mode: string; readonly entries: number }[]
  /** Where entries were asked for. */
  readonly states?: readonly ShownState[]
}

/** What `tidemark savepoint show` prints. */
export async function savepointShow(location: string, options: ShowOptions, io: CliIo): Promise<string> {
  return withPlace(location, options, async (store) => {
    const { info } = await readSavepoint(store)
    const progress = byteProgress(io, 'counting', options.entries ? info.bytes : 0)
    const reader = await readSavepoint(counting(store, (bytes) => options.entries && progress.add(bytes)))
    const operators: ShownOperator[] = []
    for (const operator of reader.operators()) operators.push(await shown(reader, operator, options.entries))
    progress.end()
    return options.json ? JSON.stringify(toJson({ ...info, operators }), undefined, 2) : describe(info, operators)
  })
}

async function shown(reader: SavepointReader, operator: SavepointOperator, isCounted: boolean): Promise<ShownOperator> {
  const { id, kind } = operator
  const splits: unknown[] = []
  const states = new Map<string, { state: string; mode: string; entries: number }>()
  let committables = 0
  for await (const subtask of reader.contents(id)) {
    committables += subtask.committables.length
    for (const { name, mode, entries } of subtask.operatorState) {
      if (kind === 'source') splits.push(...entries)
      else states.set(name, { state: name, mode, entries: (states.get(name)?.entries ?? 0) + entries.length })
    }
  }
  return {
    ...operator,
    ...(kind === 'source' ? { splits } : {}),
    ...(kind === 'sink' ? { committables } : {}),
    operatorState: [...states.values()],
    ...(isCounted && kind === 'operator' ? { states: await counted(reader, id) } : {}),
  }
}

async function counted(reader: SavepointReader, id: string): Promise<readonly ShownState[]> {
  const entries = new Map<string, number>()
  for await (const { state, kind } of reader.keyedState(id)) {
    const key = `${kind} ${state}`
    entries.set(key, (entries.get(key) ?? 0) + 1)
  }
  return (await reader.states(id)).map((state) => ({
    ...state,
    entries: entries.get(`${state.kind} ${state.state}`) ?? 0,
  }))
}

function describe(info: SavepointInfo, operators: readonly ShownOperator[]): string {
  const facts: readonly (readonly [string, string])[] = [
    ['savepoint', info.location],
    ['job', info.job],
    ['taken', `${new Date(info.takenAt).toISOString()}, in the place of checkpoint ${info.id}`],
    [
      'written by',
      `Tidemark ${info.tidemark}, format ${info.version}, generation ${info.generation} of ${info.lineage}`,
    ],
    ['input', info.input],
    ['max parallelism', String(info.maxParallelism)],
    ['size', bytesText(info.bytes)],
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const rows = operators.map((operator) => [
    operator.id,
    operator.kind,
    operator.parallelism,
    operator.watermark === undefined ? '-' : timeText(operator.watermark),
    operator.objects,
    bytesText(operator.bytes),
    holds(operator),
  ])
  const states = operators.flatMap(({ id, states = [] }) =>
    states.map(({ state, kind, layout, version, entries }) => [
      id,
      state,
      kind,
      entries,
      `${layout}, version ${version}`,
    ]),
  )
  const splits = operators.flatMap(({ id, splits = [] }) => splits.map((split) => [id, JSON.stringify(toJson(split))]))
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    table(['operator', 'kind', 'subtasks', 'event time', 'objects', 'size', 'holds'], rows),
    ...(states.length === 0 ? [] : ['', table(['operator', 'state', 'kind', 'entries', 'stored as'], states)]),
    ...(splits.length === 0 ? [] : ['', table(['source', 'reads on from'], splits)]),
  ].join('\n')
}

function holds({ kind, splits, committables, operatorState }: ShownOperator): string {
  if (kind === 'source') return splits?.length === 1 ? '1 split' : `${splits?.length ?? 0} splits`
  if (kind === 'sink' && committables) return `${committables} to commit`
  return operatorState.map(({ state, mode, entries }) => `${state}: ${mode} state of ${entries}`).join(', ')
}

/** Far beyond what a date can be there is no date. */
function timeText(timestamp: number): string {
  return Math.abs(timestamp) <= 8.64e15 ? new Date(timestamp).toISOString() : String(timestamp)
}
