import { type JobHandle, type JobProgress, type JobResult, stopOnSignals } from 'tidemark/run'
import { instant, whole } from './table.js'

/** Prints a line a second until the job has ended. The first SIGINT or SIGTERM stops it with a checkpoint. */
export async function follow(handle: JobHandle, print: (line: string) => void): Promise<JobResult> {
  const stopListening = stopOnSignals(handle)
  const watching = handle.progress$.subscribe((progress) => {
    if (progress.status === 'running') print(lineOf(progress))
  })
  try {
    return await handle.result
  } finally {
    watching.unsubscribe()
    stopListening()
  }
}

function lineOf({ recordsRead, watermark, checkpoints }: JobProgress): string {
  const time = watermark === undefined ? 'no watermark yet' : `event time ${instant(watermark)}`
  return `${whole(recordsRead)} records  ${time}  ${checkpoints.completed} checkpoints`
}
