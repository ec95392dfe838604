import { runChild } from '../resumed-child.js'
import { startPart } from './run-job.js'

export interface AsyncChild {
  readonly url: string
  readonly count: number
  readonly isOrdered: boolean
  readonly timeoutMs: number
}

await runChild<AsyncChild>(async ({ out, url, count, isOrdered, timeoutMs, pauseMs }, options) => {
  const handle = await startPart({ out, url, count, isOrdered, timeoutMs, pauseMs, options })
  return handle.result
})
