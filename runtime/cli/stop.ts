import { stopView } from '../operations/contract.js'
import { callOperations } from './operations-client.js'
import { absolute, describeSavepoint } from './savepoint-create.js'

export interface StopCommandOptions {
  readonly drain?: 'now' | 'atTip'
  /** True: to the job's default place. */
  readonly savepoint?: true | string
  readonly wait: boolean
  readonly tokenFile?: string
  readonly json: boolean
}

/** What `tidemark stop` prints. */
export async function stop(url: string | undefined, options: StopCommandOptions): Promise<string> {
  const { drain, savepoint, wait, tokenFile, json } = options
  const answer = await callOperations(
    { url, tokenFile },
    {
      path: '/api/v1/stop',
      body: {
        wait,
        ...(drain === undefined ? {} : { drain }),
        ...(savepoint === undefined ? {} : { savepoint: savepoint === true ? true : absolute(savepoint) }),
      },
      answer: stopView,
    },
  )
  if (json) return JSON.stringify(answer)
  return [answer.status, ...(answer.savepoint ? [describeSavepoint(answer.savepoint)] : [])].join('\n')
}
