import { type ExplainFormat, explain } from '../../core/job/explain.js'
import { resolveParameters } from '../../core/parameters/resolve.js'
import { loadJob } from './load-job.js'

export interface ExplainJobOptions {
  readonly format: ExplainFormat
  readonly parallelism?: number
  readonly param?: readonly (readonly [string, string])[]
}

export async function explainJob(path: string, options: ExplainJobOptions): Promise<string> {
  const { job } = await loadJob(path)
  const parameters = await resolveParameters({
    schema: job.parameters,
    environment: process.env,
    commandLine: options.param ?? [],
  })
  const { format, parallelism } = options
  return explain(job.build(parameters), { format, ...(parallelism === undefined ? {} : { parallelism }) })
}
