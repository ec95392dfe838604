import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { directoryStore, memoryStore, type ObjectStore, systemEnvironment } from 'tidemark/run'
import { JobLog } from '../../../runtime/coordinator/job-log.js'
import { readManifest } from '../../../runtime/storage/checkpoint-objects.js'
import { copyAsSavepoint } from '../../../runtime/storage/savepoint-objects.js'
import { type Line, READ_BEFORE } from './every-state.js'
import { type Objects, objectsIn } from './golden-file.js'
import { type GoldenRun, runGolden } from './run-golden.js'

export interface Golden {
  /** The same bytes every time. */
  readonly make: () => Promise<Objects>
  /** What the job had committed before what the savepoint commits. */
  readonly committedBefore: () => Promise<readonly Line[]>
}

const nothing = async (): Promise<readonly Line[]> => []

export const GOLDENS: Readonly<Record<string, Golden>> = {
  /** The job runs on. */
  'taken-while-running': {
    make: () =>
      inFolder(async (folder) => {
        const run = await runGolden(3)
        await run.pump(run.handle.savepoint({ to: folder }))
        await run.pump(run.handle.cancel())
      }),
    committedBefore: nothing,
  },
  /** The job ends with it. */
  stopped: {
    make: () =>
      inFolder(async (folder) => {
        const run = await runGolden(2)
        await run.pump(run.handle.stop({ savepoint: folder }))
      }),
    committedBefore: nothing,
  },
  /** A checkpoint that builds upon earlier ones, copied: increments, deletions, several objects a subtask. */
  'copied-increments': {
    make: async () => {
      const store = memoryStore()
      const { run } = await withIncrements(store)
      await run.pump(run.handle.checkpoint())
      const objects = await copyNewest(store)
      await run.pump(run.handle.cancel())
      return objects
    },
    committedBefore: async () => {
      const { run, committed } = await withIncrements(memoryStore())
      await run.pump(run.handle.cancel())
      return committed
    },
  },
}

/** All but the last checkpoint. */
async function withIncrements(store: ObjectStore): Promise<{ run: GoldenRun; committed: readonly Line[] }> {
  const run = await runGolden(2, { store, readBefore: 14 })
  await run.pump(run.handle.checkpoint())
  await run.send(18)
  await run.pump(run.handle.checkpoint())
  const committed = [...run.lines]
  await run.send(READ_BEFORE)
  return { run, committed }
}

async function copyNewest(store: ObjectStore): Promise<Objects> {
  const log = await JobLog.open({ store, nonce: () => '' })
  const newest = log.state?.checkpoints.at(-1)
  if (newest === undefined) throw new RangeError('there is no checkpoint')
  const copy = memoryStore()
  await copyAsSavepoint(store, await readManifest(store, newest), copy)
  return await objectsIn(copy)
}

async function inFolder(make: (folder: string) => Promise<void>): Promise<Objects> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-golden-'))
  try {
    await make(folder)
    return await objectsIn(await directoryStore(folder, systemEnvironment()))
  } finally {
    await rm(folder, { recursive: true })
  }
}
