import { readdir } from 'node:fs/promises'
import type { Duration } from 'tidemark'
import { replaceOutputFolder } from 'tidemark/file'
import type { RunOptions } from 'tidemark/run'

export interface CheckpointChoice {
  /** Undefined: in memory. */
  readonly checkpoints: string | undefined
  readonly interval: Duration
  /** What the run writes: emptied, unless it goes on from a checkpoint. */
  readonly folders: readonly string[]
}

/** A folder that holds checkpoints is gone on from; else the output begins anew. */
export async function checkpointsFor({ checkpoints, interval, folders }: CheckpointChoice): Promise<RunOptions> {
  if (checkpoints === undefined || !(await holdsAnything(checkpoints))) await replaceOutputFolder(...folders)
  return { checkpoints: { interval, ...(checkpoints === undefined ? {} : { to: checkpoints, resume: true }) } }
}

async function holdsAnything(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length > 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
