import { diffSavepoint } from '../../savepoint/diff/diff-savepoint.js'
import type { OperatorDiff, SavepointDiff, StateDiff } from '../../savepoint/diff/savepoint-diff.js'
import { loadJob } from '../load-job.js'
import type { CliIo } from '../program.js'
import { readParameters } from '../read-parameters.js'
import { table } from '../table.js'
import { type PlaceFlags, withPlace } from './place.js'

export interface DiffCommandOptions extends PlaceFlags {
  readonly json: boolean
  readonly param?: readonly (readonly [string, string])[]
  readonly params?: string
  readonly parallelism?: number
  readonly maxParallelism?: number
  readonly allowDroppedState: boolean
  readonly resumeDrained: boolean
}

/** Prints what a job would do with a savepoint; resolves to the exit code. */
export async function savepointDiff(
  location: string,
  path: string,
  options: DiffCommandOptions,
  io: CliIo,
): Promise<number> {
  const { job } = await loadJob(path)
  const { parallelism, maxParallelism, allowDroppedState, resumeDrained } = options
  const file = options.params === undefined ? {} : { file: await readParameters(options.params) }
  const diff = await withPlace(location, options, (store) =>
    diffSavepoint(store, job, {
      paramLayers: { environment: process.env, commandLine: options.param ?? [], ...file },
      parallelism,
      maxParallelism,
      allowDroppedState,
      resumeDrained,
    }),
  )
  io.out(`${options.json ? JSON.stringify(diff, undefined, 2) : describe(diff)}\n`)
  return diff.restores ? 0 : 1
}

function describe(diff: SavepointDiff): string {
  const { tidemark, maxParallelism } = diff
  const facts: readonly (readonly [string, string])[] = [
    [
      'savepoint',
      `${diff.savepoint}, ${diff.id} of job '${diff.job.savepoint}', ${new Date(diff.takenAt).toISOString()}`,
    ],
    ['graph', diff.sameGraph ? 'the same' : 'another'],
    [
      'written by',
      `Tidemark ${tidemark.savepoint}${tidemark.savepoint === tidemark.job ? '' : `, this is ${tidemark.job}`}`,
    ],
    ['input', diff.input],
    ['max parallelism', sides(maxParallelism.savepoint, maxParallelism.job)],
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const rows = diff.operators.flatMap(rowsOf)
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    table(['operator', 'state', 'parallelism', 'becomes', ''], rows),
    '',
    diff.restores ? `job '${diff.job.job}' would start from it` : `job '${diff.job.job}' would refuse it`,
    ...diff.refusals.map((why) => `  ${why}`),
  ].join('\n')
}

function rowsOf(operator: OperatorDiff): readonly (readonly string[])[] {
  const { id, parallelism, states } = operator
  const notes = [
    operator.why,
    operator.splits === undefined ? undefined : `reads ${counted(operator.splits, 'split')} on`,
    operator.committables ? `commits ${counted(operator.committables, 'committable')} first` : undefined,
  ]
  const own = [
    id,
    '',
    sides(parallelism.savepoint, parallelism.job),
    operator.verdict,
    notes.filter((note) => note !== undefined).join('; '),
  ]
  return [own, ...states.map((state) => ['', state.state, '', state.verdict, noteOf(state)])]
}

function noteOf({ verdict, layout, from, to, why }: StateDiff): string {
  if (why !== undefined) return why
  return verdict === 'migrates' ? `from version ${from} to ${to}` : (layout ?? 'starts empty')
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** `2`, `2 -> 4`. */
function sides(savepoint: number | undefined, job: number | undefined): string {
  if (savepoint === undefined || job === undefined || savepoint === job) return String(savepoint ?? job ?? '-')
  return `${savepoint} -> ${job}`
}
