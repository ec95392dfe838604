import type { CommitPoint } from '../../../core/connector.js'
import type { CheckDefinition } from '../check.js'
import { notExactly, rowsInWords } from './compare.js'
import type { SinkCheckContext } from './context.js'
import type { SinkRun } from './run.js'

type Context = SinkCheckContext<unknown>
type Check = CheckDefinition<Context>

const IDEMPOTENT = {
  of: 'Committer.commit',
  says: 'In order, idempotent: may be called again with what it has committed before, by another process too.',
} as const

const HIDDEN = { of: 'SinkWriter.close', says: 'What is not committed must not become visible.' } as const

/** What a committer does, and what nobody may see. */
export const COMMIT_CHECKS: readonly Check[] = [
  {
    name: 'nothing is visible before it is committed',
    promise: HIDDEN,
    run: async (context, broken) => {
      const { rows } = context
      const run = await context.start({ generation: 1 })
      await context.write(run, { from: 0, end: rows }, broken)
      await context.prepare(run, 1, broken)
      await context.write(run, { from: rows, end: rows + 5 }, broken)
      await context.patience.aWhile()
      const visible = await context.visible()
      if (visible.length > 0) throw broken(`${rowsInWords(visible)} visible, and no checkpoint has completed`)
    },
  },
  {
    name: 'what was closed without a commit stays invisible',
    promise: HIDDEN,
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      await context.write(run, { from: 0, end: 5 }, broken)
      await context.prepare(run, 1, broken)
      await context.write(run, { from: 5, end: 10 }, broken)
      run.end()
      await run.close()
      const visible = await context.visible()
      if (visible.length > 0)
        throw broken(`${rowsInWords(visible)} visible after close, and no checkpoint has completed`)
    },
  },
  {
    name: 'a commit shows what was prepared for its checkpoint, and nothing else',
    promise: { of: 'Committer', says: 'Makes output visible.' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1, parallelism: 2 })
      await context.write(run, { from: 0, end: 5 }, broken)
      await context.write(run, { from: 5, end: 10, subtask: 1 }, broken)
      const first = await context.prepare(run, 1, broken)
      await context.write(run, { from: 10, end: 15 }, broken)
      const second = await context.prepare(run, 2, broken)
      await run.complete(first)
      if (!context.setup.keepsOpen) {
        const early = notExactly(await context.visible(), { from: 0, end: 10 })
        if (early !== undefined) throw broken(`after the commit of rows 0 to 9 ${early}`)
      }
      await run.complete(second)
      await context.endIfKept(run, 3, broken)
      const problem = notExactly(await context.visible(), { from: 0, end: 15 })
      if (problem !== undefined) throw broken(`after the second commit ${problem}`)
    },
  },
  {
    name: 'a commit that comes again, or was cut short, shows rows once',
    promise: IDEMPOTENT,
    run: async (context, broken) => {
      const run = await context.start({ generation: 1, parallelism: 3 })
      for (const subtask of [0, 1, 2])
        await context.write(run, { from: subtask * 5, end: subtask * 5 + 5, subtask }, broken)
      if (context.setup.keepsOpen) run.end()
      const { committables } = await context.prepare(run, 1, broken)
      const [first] = committables
      // The process died after the first of them.
      if (first !== undefined) await (await run.committer())?.commit([first])
      for (const sink of [run.sink, run.sink, context.world.sink()]) {
        const committer = await run.anotherCommitter(sink)
        await committer?.commit(committables)
        await committer?.close?.()
      }
      const problem = notExactly(await context.visible(), { from: 0, end: 15 })
      if (problem !== undefined) throw broken(`after a part of it and then all of it three times ${problem}`)
    },
  },
  {
    name: 'what was prepared can be committed when the process that did it is gone',
    promise: IDEMPOTENT,
    run: async (context, broken) => {
      const gone = await context.start({ generation: 1 })
      await context.write(gone, { from: 0, end: 10 }, broken)
      if (context.setup.keepsOpen) gone.end()
      const checkpoint = await context.prepare(gone, 1, broken)
      await gone.close()
      const run = await context.start({ generation: 2, restored: checkpoint })
      await run.recover(checkpoint)
      const problem = notExactly(await context.visible(), { from: 0, end: 10 })
      if (problem !== undefined) throw broken(`committed by the next generation, ${problem}`)
    },
  },
  {
    name: 'what an aborted checkpoint prepared is shown with the next one',
    promise: IDEMPOTENT,
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      await context.write(run, { from: 0, end: 5 }, broken)
      const aborted = await context.prepare(run, 1, broken)
      await context.write(run, { from: 5, end: 10 }, broken)
      if (context.setup.keepsOpen) run.end()
      const next = await context.prepare(run, 2, broken)
      const committables = [...aborted.committables, ...next.committables]
      await run.complete({ committables, states: next.states })
      const problem = notExactly(await context.visible(), { from: 0, end: 10 })
      if (problem !== undefined)
        throw broken(`after the commit of checkpoint 2, which has what checkpoint 1 prepared, ${problem}`)
    },
  },
  {
    name: 'a killed job goes on exactly once',
    promise: {
      of: 'Committer.committedAfter',
      says: 'in a later generation (which begins again at an older checkpoint and may use its ids again)',
    },
    run: async (context, broken) => {
      const killed = await context.start({ generation: 1 })
      await context.write(killed, { from: 0, end: 10 }, broken)
      const restored = await context.prepare(killed, 1, broken)
      await context.write(killed, { from: 10, end: 13 }, broken)
      // Neither completed.
      await context.prepare(killed, 2, broken)
      await context.write(killed, { from: 13, end: 20 }, broken)
      const run = await context.start({ generation: 2, restored })
      await run.recover(restored)
      await context.write(run, { from: 10, end: 30 }, broken)
      await context.checkpoint(run, 2, broken)
      await context.endIfKept(run, 3, broken)
      const problem = notExactly(await context.visible(), { from: 0, end: 30 })
      if (problem !== undefined)
        throw broken(`restored from the checkpoint after row 9, and written to row 29, ${problem}`)
    },
  },
  {
    name: 'state restored at another parallelism shows rows once',
    promise: { of: 'WriterContext.restored', says: "What the writers' `snapshot` gave, redistributed evenly." },
    run: async (context, broken) => {
      let run: SinkRun<unknown> | undefined
      let restored: Awaited<ReturnType<typeof context.checkpoint>> | undefined
      for (const [index, parallelism] of [3, 2, 1, 2].entries()) {
        run = await context.start({ generation: index + 1, parallelism, ...(restored && { restored }) })
        await run.recover(restored)
        for (let subtask = 0; subtask < parallelism; subtask++) {
          const from = index * 12 + subtask * (12 / parallelism)
          await context.write(run, { from, end: from + 12 / parallelism, subtask }, broken)
        }
        // It completes, and is committed by the next generation.
        restored = await context.prepare(run, index + 1, broken)
      }
      await run?.complete(restored)
      if (run) await context.endIfKept(run, 9, broken)
      const problem = notExactly(await context.visible(), { from: 0, end: 48 })
      if (problem !== undefined) throw broken(`with 3, 2, 1 and 2 subtasks, one after the other, ${problem}`)
    },
  },
  {
    name: 'an old generation that goes on changes nothing',
    promise: HIDDEN,
    run: async (context, broken) => {
      const old = await context.start({ generation: 1 })
      await context.write(old, { from: 100, end: 105 }, broken)
      const run = await context.start({ generation: 2 })
      await run.recover(undefined)
      await context.write(run, { from: 0, end: 10 }, broken)
      const checkpoint = await context.prepare(run, 4, broken)
      // It was only slow: it takes rows, a barrier, and is closed. What it throws is its own matter.
      await (async () => {
        await context.write(old, { from: 105, end: 110 }, broken)
        await context.prepare(old, 7, broken)
        await context.write(old, { from: 110, end: 115 }, broken)
      })().catch(() => undefined)
      await old.close().catch(() => undefined)
      await run.complete(checkpoint)
      await context.endIfKept(run, 5, broken)
      const problem = notExactly(await context.visible(), { from: 0, end: 10 })
      if (problem !== undefined)
        throw broken(`of the new generation's rows 0 to 9, with an old one beside it, ${problem}`)
    },
  },
  {
    name: 'jobs of another lineage are not disturbed',
    promise: { of: 'WriterContext.lineage', says: 'output names carry it' },
    run: async (context, broken) => {
      const one = await context.start({ generation: 1 })
      const other = await context.start({ generation: 1, lineage: 'lineage2' })
      await context.write(one, { from: 0, end: 5 }, broken)
      await context.write(other, { from: 5, end: 10 }, broken)
      const checkpoint = await context.prepare(one, 1, broken)
      await context.checkpoint(other, 1, broken)
      await one.complete(checkpoint)
      await context.endIfKept(one, 2, broken)
      await context.endIfKept(other, 2, broken)
      const problem = notExactly(await context.visible(), { from: 0, end: 10 })
      if (problem !== undefined) throw broken(`written by two lineages at the same checkpoint, ${problem}`)
    },
  },
  {
    name: 'a sweep takes nothing from readers',
    promise: { of: 'Committer.sweep', says: 'removes what earlier generations left unfinished' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      await context.write(run, { from: 0, end: 10 }, broken)
      if (context.setup.keepsOpen) run.end()
      const checkpoint = await context.checkpoint(run, 1, broken)
      await run.close()
      for (const lineage of ['lineage1', 'lineage2']) {
        const next = await context.start({ generation: 7, restored: checkpoint, lineage })
        await (await next.committer())?.sweep?.()
        const problem = notExactly(await context.visible(), { from: 0, end: 10 })
        if (problem !== undefined) throw broken(`after the sweep of generation 7 of ${lineage} ${problem}`)
      }
    },
  },
  {
    name: 'committedAfter names what a later checkpoint showed, and only that',
    promise: {
      of: 'Committer.committedAfter',
      says: 'Names something that is visible and that the lineage wrote for a checkpoint after this one',
    },
    run: async (context, broken) => {
      const run = await context.start({ generation: 3 })
      const committer = await run.committer()
      if (committer?.committedAfter === undefined) return
      const point = (change: Partial<CommitPoint>): CommitPoint => ({
        lineage: 'lineage1',
        generation: 3,
        checkpointId: 5,
        ...change,
      })
      const before = await committer.committedAfter(point({ generation: 1, checkpointId: 1 }))
      if (before !== undefined) throw broken(`${before}, though nothing was committed`)
      await context.write(run, { from: 0, end: 5 }, broken)
      if (context.setup.keepsOpen) run.end()
      await context.checkpoint(run, 5, broken)
      for (const older of [point({ checkpointId: 4 }), point({ generation: 2, checkpointId: 9 })]) {
        if ((await committer.committedAfter(older)) !== undefined) continue
        throw broken(
          `nothing after checkpoint ${older.checkpointId} of generation ${older.generation}, though checkpoint 5 of 3 is visible`,
        )
      }
      for (const newer of [
        point({}),
        point({ generation: 4, checkpointId: 1 }),
        point({ lineage: 'lineage2', checkpointId: 1 }),
      ]) {
        const named = await committer.committedAfter(newer)
        if (named === undefined) continue
        throw broken(
          `${named} after checkpoint ${newer.checkpointId} of generation ${newer.generation} of ${newer.lineage}`,
        )
      }
    },
  },
]

/** For a setup that says what readers do not see. */
export const SWEEP_CHECK: Check = {
  name: 'what was never committed is swept',
  promise: { of: 'Committer.sweep', says: 'removes what earlier generations left unfinished' },
  run: async (context, broken) => {
    const { rows, setup, world } = context
    const killed = await context.start({ generation: 1, parallelism: 2 })
    await context.write(killed, { from: 0, end: rows }, broken)
    await context.write(killed, { from: rows, end: rows + 5, subtask: 1 }, broken)
    await context.prepare(killed, 1, broken)
    await context.write(killed, { from: rows + 5, end: rows + 10 }, broken)
    const run = await context.start({ generation: 2 })
    // Nobody writes: what is there is left over.
    await killed.close().catch(() => undefined)
    await run.recover(undefined)
    const left = (await setup.unfinished?.(world)) ?? 0
    if (left > 0)
      throw broken(`${left} things of a generation that never completed a checkpoint, after the sweep of the next`)
  },
}

/** For a setup whose outside world can fail for a while. */
export const FAILED_COMMIT_CHECK: Check = {
  name: 'a commit that failed says so, and can be made again',
  promise: IDEMPOTENT,
  run: async (context, broken) => {
    const { setup, world, patience } = context
    const run = await context.start({ generation: 1 })
    await context.write(run, { from: 0, end: 5 }, broken)
    if (setup.keepsOpen) run.end()
    const checkpoint = await context.prepare(run, 1, broken)
    const end = (await setup.outage?.(world)) ?? (() => undefined)
    let outcome: 'done' | 'failed' | undefined
    const commit = run.complete(checkpoint).then(
      () => {
        outcome = 'done'
      },
      () => {
        outcome = 'failed'
      },
    )
    await patience.aWhile(() => outcome !== undefined)
    end()
    if ((await patience.settled(commit)) === undefined) throw broken('a commit that never ends')
    // It says that it is done: nobody makes it again.
    if (outcome === 'failed') await run.complete(checkpoint)
    const problem = notExactly(await context.visible(), { from: 0, end: 5 })
    if (problem !== undefined) throw broken(`after an outage during a commit ${problem}`)
  },
}
