import { isDeepStrictEqual } from 'node:util'
import { Batch } from '../../../core/element.js'
import type { Broken, CheckDefinition } from '../check.js'
import { shown } from '../check.js'
import { throughCheckpoint } from '../stored.js'
import { missing, notExactly } from './compare.js'
import type { SinkCheckContext } from './context.js'
import { batchOf, type SinkRun } from './run.js'

type Context = SinkCheckContext<unknown>
type Check = CheckDefinition<Context>

const DELIVERED = {
  of: 'SinkWriter.prepareCommit',
  says: 'makes everything taken so far durable (or, without a committer, delivered)',
} as const

/** What a writer does with the rows it is given. */
export const WRITER_CHECKS: readonly Check[] = [
  {
    name: 'what a completed checkpoint contains is there',
    promise: DELIVERED,
    run: async (context, broken) => {
      const { rows } = context
      const run = await context.start({ generation: 1 })
      await context.write(run, { from: 0, end: rows }, broken)
      await context.write(run, { from: rows, end: rows + 3 }, broken)
      await context.checkpoint(run, 1, broken)
      await context.endIfKept(run, 2, broken)
      const problem = missing(await context.visible(), { from: 0, end: rows + 3 })
      if (problem !== undefined) throw broken(`${problem}, though their checkpoint has completed`)
    },
  },
  {
    name: 'rows before `from` are not written',
    promise: { of: 'SinkWriter.write', says: 'Takes rows from `from` on' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      const batch = batchOf((n) => context.world.row(n), [0, 1, 2, 3, 4, 5])
      let next = 4
      await context.patience.until(() => {
        next = run.writer().write(batch, next)
        return next >= batch.length
      })
      await context.checkpoint(run, 1, broken)
      await context.endIfKept(run, 2, broken)
      const problem = notExactly(await context.visible(), { from: 4, end: 6 })
      if (problem !== undefined) throw broken(`after write(batch of rows 0 to 5, 4) ${problem}`)
    },
  },
  {
    name: 'write gives the index of the first row that it did not take',
    promise: { of: 'SinkWriter.write', says: 'returns the index of the first row not taken' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      const numbers = Array.from({ length: context.rows }, (_, n) => n)
      const batch = batchOf((n) => context.world.row(n), numbers)
      let next = 0
      await context.patience.until(() => {
        const given = run.writer().write(batch, next)
        if (!(Number.isInteger(given) && given >= next && given <= batch.length)) {
          throw broken(`write(batch of ${batch.length} rows, ${next}) gave ${shown(given)}`)
        }
        next = given
        return next === batch.length
      })
    },
  },
  {
    name: 'a writer that was full wakes when it has room',
    promise: { of: 'WriterContext.wake', says: 'Call when a writer that took less than it was offered has room again' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      const batch = batchOf((n) => context.world.row(n), [...new Array(context.rows).keys()])
      for (let [next, offers] = [0, 0]; next < batch.length; offers++) {
        const { patience } = context
        const before = run.wakes()
        next = run.writer().write(batch, next)
        if (next >= batch.length || offers > batch.length) return
        if (await patience.until(() => run.wakes() > before)) continue
        throw broken(`it took ${next} of ${batch.length} rows and did not wake: nobody would have offered the rest`)
      }
    },
  },
  {
    name: 'a batch is not changed',
    promise: { of: 'Batch', says: 'Nobody changes a batch once it is handed on' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      const { values, timestamps } = batchOf((n) => context.world.row(n), [0, 1, 2, 3])
      const copies = [[...values], [...timestamps]]
      await run.write(new Batch(values, timestamps))
      await context.prepare(run, 1, broken)
      if (isDeepStrictEqual([values, timestamps], copies)) return
      throw broken(`a batch of ${shown(copies[0])} is ${shown(values)} now: other branches of the job see it`)
    },
  },
  {
    name: 'a barrier gives up nothing twice, and passes when there is nothing',
    promise: { of: 'SinkWriter.prepareCommit', says: 'Rows that follow belong to the next checkpoint.' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      await context.checkpoint(run, 1, broken)
      await context.write(run, { from: 0, end: 5 }, broken)
      await context.checkpoint(run, 2, broken)
      await context.checkpoint(run, 3, broken)
      await context.checkpoint(run, 4, broken)
      await context.endIfKept(run, 5, broken)
      const problem = notExactly(await context.visible(), { from: 0, end: 5 })
      if (problem !== undefined) throw broken(`after a barrier with rows and two without ${problem}`)
    },
  },
  {
    name: 'watermarks lose nothing, whatever follows them',
    promise: {
      of: 'SinkWriter.onWatermark',
      says: 'What was taken so far is all, but for late rows, up to this event time.',
    },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      run.watermark(0)
      await context.write(run, { from: 0, end: 5 }, broken)
      run.watermark(Date.UTC(2026, 5, 1))
      await context.write(run, { from: 5, end: 10 }, broken)
      await context.checkpoint(run, 1, broken)
      await context.write(run, { from: 10, end: 15 }, broken)
      run.end()
      await context.checkpoint(run, 2, broken)
      const problem = missing(await context.visible(), { from: 0, end: 15 })
      if (problem !== undefined) throw broken(`at the end of the input, with watermarks between the rows, ${problem}`)
    },
  },
  {
    name: 'subtasks do not disturb each other',
    promise: { of: 'SinkWriter', says: 'Writes the rows of one subtask.' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1, parallelism: 3 })
      for (let from = 0; from < 30; from += 5) {
        await context.write(run, { from, end: from + 5, subtask: (from / 5) % 3 }, broken)
      }
      await context.checkpoint(run, 1, broken)
      await context.endIfKept(run, 2, broken)
      const problem = missing(await context.visible(), { from: 0, end: 30 })
      if (problem !== undefined) throw broken(`written by three subtasks, ${problem}`)
    },
  },
  {
    name: 'committables and the state of writers are plain data',
    promise: { of: 'SinkWriter', says: '`Committable` is plain data.' },
    run: async (context, broken) => {
      const run = await context.start({ generation: 1 })
      await context.write(run, { from: 0, end: 5 }, broken)
      const writer = run.writer()
      const prepared = await context.patience.settled((async () => writer.prepareCommit(1))())
      // It says what is not, and where.
      throughCheckpoint([prepared?.value ?? [], writer.snapshot?.() ?? []])
    },
  },
  {
    name: 'the state of writers is restored at another parallelism',
    promise: { of: 'WriterContext.restored', says: "What the writers' `snapshot` gave, redistributed evenly." },
    run: async (context, broken) => {
      let run: SinkRun<unknown> | undefined
      let restored: Awaited<ReturnType<typeof context.checkpoint>> | undefined
      for (const [index, parallelism] of [2, 3, 1].entries()) {
        run = await context.start({ generation: index + 1, parallelism, ...(restored && { restored }) })
        await run.recover(restored)
        await context.write(run, { from: index * 5, end: index * 5 + 5 }, broken)
        restored = await context.checkpoint(run, index + 1, broken)
      }
      if (run) await context.endIfKept(run, 9, broken)
      const problem = missing(await context.visible(), { from: 0, end: 15 })
      if (problem !== undefined) throw broken(`with 2, 3 and 1 subtasks, one after the other, ${problem}`)
    },
  },
  {
    name: 'nothing is lost when the job is killed between barriers',
    promise: DELIVERED,
    run: async (context, broken) => {
      const killed = await context.start({ generation: 1 })
      await context.write(killed, { from: 0, end: 10 }, broken)
      const restored = await context.checkpoint(killed, 1, broken)
      await context.write(killed, { from: 10, end: 15 }, broken)
      // Not completed: the id is used again.
      await context.prepare(killed, 2, broken)
      await context.write(killed, { from: 15, end: 20 }, broken)
      const run = await context.start({ generation: 2, restored })
      await run.recover(restored)
      await context.write(run, { from: 10, end: 30 }, broken)
      await context.checkpoint(run, 2, broken)
      await context.endIfKept(run, 3, broken)
      const problem = missing(await context.visible(), { from: 0, end: 30 })
      if (problem !== undefined)
        throw broken(`restored from the checkpoint after row 9, and written to row 29, ${problem}`)
    },
  },
  {
    name: 'a writer can be closed at any time, and twice',
    promise: { of: 'SinkWriter.close', says: 'After success, failure and cancel alike, and a second time.' },
    run: async (context, broken) => {
      for (const rows of [0, 5]) {
        const run = await context.start({ generation: 1, lineage: `lineage${rows}` })
        await context.write(run, { from: 0, end: rows }, broken)
        await closeTwice(context, run, broken)
      }
    },
  },
  {
    name: 'nothing goes on after a writer was closed',
    promise: { of: 'SinkWriter.close', says: 'Nothing goes on afterwards: no call, no timer, no wake.' },
    run: async (context, broken) => {
      const { patience, setup, world } = context
      for (const rows of [0, 5]) {
        const run = await context.start({ generation: 1, lineage: `lineage${rows}` })
        await context.write(run, { from: 0, end: rows }, broken)
        await run.writer().close()
        const wakes = run.wakes()
        if (patience.pendingTimers > 0) throw broken(`${patience.pendingTimers} timers after close`)
        const open = (await setup.leftOpen?.(world)) ?? 0
        if (open > 0) throw broken(`${open} things left open after close`)
        await patience.aWhile()
        if (run.wakes() > wakes) throw broken('a wake after close')
        if (patience.pendingTimers > 0) throw broken('a timer that was set after close')
      }
    },
  },
  {
    name: 'a sink that is exactly once has a committer',
    promise: { of: 'Sink.committer', says: 'Absent: what was written is visible at once.' },
    run: async (context, broken) => {
      const { guarantee, committer } = context.world.sink()
      if (guarantee === 'exactly-once' && committer === undefined) {
        throw broken('no committer: rows are visible before their checkpoint completes, and come twice after a failure')
      }
    },
  },
]

/** For a setup whose outside world can fail for a while. */
export const OUTAGE_CHECK: Check = {
  name: 'what an outage kept out is not taken for delivered',
  promise: DELIVERED,
  run: async (context, broken) => {
    const { setup, world } = context
    const run = await context.start({ generation: 1 })
    await context.write(run, { from: 0, end: 5 }, broken)
    const end = (await setup.outage?.(world)) ?? (() => undefined)
    let [isPrepared, isOver] = [false, false]
    const prepared = (async () => run.writer().prepareCommit(1))().then(
      (committables) => {
        isPrepared = true
        return committables
      },
      // The job fails and starts again: nothing is lost.
      () => undefined,
    )
    void prepared.then(() => {
      isOver = true
    })
    await context.patience.aWhile(() => isOver)
    end()
    if (!(await context.patience.until(() => isOver))) {
      throw broken('prepareCommit neither resolves nor rejects when the outage is over: the job stands still')
    }
    if (!isPrepared) return
    const committables = (await prepared) ?? []
    if (committables.length > 0) await (await run.committer())?.commit(committables)
    await context.endIfKept(run, 2, broken)
    const problem = missing(await context.visible(), { from: 0, end: 5 })
    if (problem !== undefined) throw broken(`prepareCommit resolved, and after the outage ${problem}`)
  },
}

async function closeTwice(context: Context, run: SinkRun<unknown>, broken: Broken): Promise<void> {
  const writer = run.writer()
  for (const time of ['', ' a second time']) {
    const closing = (async () => writer.close())()
    if ((await context.patience.settled(closing)) === undefined)
      throw broken(`it does not close${time}: the job never stops`)
  }
}
