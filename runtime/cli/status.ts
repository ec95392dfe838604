import { type JobView, jobView } from '../operations/contract.js'
import { type Connection, callOperations } from './operations-client.js'
import { bytesText, durationText, table } from './table.js'

export interface StatusOptions {
  readonly tokenFile?: string
  readonly json: boolean
}

/** What `tidemark status` prints. */
export async function status(url: string | undefined, options: StatusOptions): Promise<string> {
  const connection: Connection = { url, tokenFile: options.tokenFile }
  const job = await callOperations(connection, { path: '/api/v1/job', answer: jobView })
  return options.json ? JSON.stringify(job) : describeJob(job)
}

export function describeJob(job: JobView): string {
  const facts: [string, string][] = [
    ['job', job.job],
    ['status', `${job.status}, generation ${job.generation}, ${counted(job.restarts, 'restart')}`],
    ['records read', job.recordsRead.toLocaleString('en-US')],
    ['event time', eventTime(job)],
    ['checkpoints', checkpoints(job)],
    ['state', job.location],
    ['parallelism', `${job.parallelism} of at most ${job.maxParallelism}`],
    ['fingerprint', job.fingerprint],
  ]
  if (job.failure) facts.push(['last failure', `${job.failure.message} [${job.failure.code}]`])
  const width = Math.max(...facts.map(([name]) => name.length))
  const lines = facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
  if (job.operators.length === 0) return lines.join('\n')
  const operators = table(
    ['operator', 'subtasks', 'records in', 'records out', 'event time'],
    job.operators.map(({ id, parallelism, recordsIn, recordsOut, watermark }) => [
      id,
      parallelism,
      recordsIn,
      recordsOut,
      watermark === null ? '-' : new Date(watermark).toISOString(),
    ]),
  )
  return [...lines, '', operators].join('\n')
}

function eventTime({ watermark, watermarkLagMs }: JobView): string {
  if (watermark === null) return '-'
  const lag = watermarkLagMs === null ? '' : `, ${durationText(Math.max(0, watermarkLagMs))} behind the clock`
  return `${new Date(watermark).toISOString()}${lag}`
}

function checkpoints({ checkpoints: { completed, failed, last } }: JobView): string {
  const newest = last ? `; last: ${last.id}, ${bytesText(last.bytes)} in ${durationText(last.durationMs)}` : ''
  return `${completed} completed, ${failed} failed${newest}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
