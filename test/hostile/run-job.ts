import { defineJob, type JobBuilder, type Stream, type TidemarkError } from 'tidemark'
import { type CollectionOptions, collectInto, collection } from 'tidemark/collection'
import { noRestart, type RunOptions, run } from 'tidemark/run'

export interface RunJobOptions extends RunOptions {
  readonly timestamps?: CollectionOptions<unknown>['timestamps']
}

/** Runs values through the steps that `build` adds, to the end; gives the rows. Rejects with what broke the job. */
export async function rowsOf(
  values: readonly unknown[],
  build: (stream: Stream<never>) => Stream<unknown>,
  { timestamps, ...options }: RunJobOptions = {},
): Promise<unknown[]> {
  const rows: unknown[] = []
  const job = defineJob('hostile', (job: JobBuilder<unknown>) => {
    // Values of any type, read by functions that misbehave whatever they get.
    const source = collection<never>(values as readonly never[], timestamps === undefined ? {} : { timestamps })
    build(job.from('values', source)).to('rows', collectInto(rows))
  })
  const handle = await run(job, { restart: noRestart(), ...options })
  await handle.result
  return rows
}

/** What broke it, and every promise that was left to reject without anyone listening. */
export async function failureOf(running: Promise<unknown>): Promise<{ error: TidemarkError; unhandled: unknown[] }> {
  const unhandled: unknown[] = []
  const listen = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', listen)
  try {
    const error = await running.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    // Rejections are reported after the microtasks of a turn.
    await new Promise((resolve) => setImmediate(resolve))
    return { error: error as TidemarkError, unhandled }
  } finally {
    process.off('unhandledRejection', listen)
  }
}
