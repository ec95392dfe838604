import type { Job } from '../../core/job/job.js'
import { describeParameters } from '../../core/parameters/describe.js'

/** The part of a job's help that the job itself decides. */
export function describeJobParameters(job: Job<unknown>): string {
  if (job.parameters === undefined) return `Job '${job.name}' has no parameters.`
  const rows = describeParameters(job.parameters)
  if (rows === undefined) return `Job '${job.name}' has parameters, but their schema does not tell their names.`
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = rows.map((row) => `  ${row.name.padEnd(width)}  ${describe(row)}`)
  return [`Parameters of job '${job.name}' (--param name=value):`, ...lines].join('\n')
}

function describe(row: NonNullable<ReturnType<typeof describeParameters>>[number]): string {
  const parts = [row.type]
  if (row.description !== undefined) parts.push(row.description)
  if (row.required) parts.push('required')
  if (row.default !== undefined) parts.push(`default ${JSON.stringify(row.default)}`)
  parts.push(`or ${row.variable}`)
  return parts.join(', ')
}
