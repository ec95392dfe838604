import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the newest entry of a job's log says. */
export interface LogState {
  readonly generation: number
  /** Of the newest completed checkpoint; 0: there is none. */
  readonly checkpoint: number
  readonly isOpen: boolean
  readonly committed: number
}

const NOTHING: LogState = { generation: 0, checkpoint: 0, isOpen: true, committed: 0 }

/** Entries appear whole, and the newest one is never removed. */
export async function newestLogState(checkpoints: string): Promise<LogState> {
  const folder = join(checkpoints, 'log')
  const names = await readdir(folder).catch(() => [])
  const newest = names
    .filter((name) => /^\d+$/.test(name))
    .sort()
    .at(-1)
  if (newest === undefined) return NOTHING
  const { body } = JSON.parse(await readFile(join(folder, newest), 'utf8')) as { body: string }
  const { state } = JSON.parse(body) as { state: StoredState }
  const last = state.checkpoints.at(-1)
  return {
    generation: state.generation,
    checkpoint: last?.id ?? 0,
    isOpen: last === undefined || last.input === 'open',
    committed: state.committed,
  }
}

interface StoredState {
  readonly generation: number
  readonly committed: number
  readonly checkpoints: readonly { readonly id: number; readonly input: string }[]
}
