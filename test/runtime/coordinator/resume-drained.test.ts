import { expect, it } from 'vitest'
import { millis } from '../../../core/duration.js'
import { defineJob } from '../../../core/job/job.js'
import { count } from '../../../core/window/aggregates/index.js'
import { tumbling } from '../../../core/window/index.js'
import { memoryStore } from '../../../runtime/storage/memory.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { row, Script } from '../fixture/script.js'
import { eventTime, start } from '../fixture/start.js'

it('behind a drain event time goes on where the records were: its maximum watermark is not in the checkpoint', async () => {
  const to = memoryStore()
  const jobOf = (source: Script, out: LedgerSink, late: LedgerSink) =>
    defineJob('drained', (job) => {
      const windows = job
        .from('rows', source, eventTime())
        .keyBy(({ key }) => key)
        .window(tumbling(millis(10)))
        .aggregate('windows', { n: count() })
      windows.map(({ window, n }) => [window.start, n]).to('out', out)
      windows.late.to('late', late)
    })
  const first = new LedgerSink()
  const before = await start(
    jobOf(new Script({ intervalMs: 1_000_000 }).push('a', row(1, 3), row(2, 15)), first, new LedgerSink()),
    { checkpoints: { to } },
  )
  await before.handle.stop({ drain: 'atTip' })
  expect(first.visible).toEqual([
    [0, 1],
    [10, 1],
  ])

  const [second, late] = [new LedgerSink(), new LedgerSink()]
  const more = new Script({ intervalMs: 1_000_000 }).push('a', row(1, 3), row(2, 15), row(3, 4), row(4, 25), row(5, 40))
  const after = await start(jobOf(more, second, late), { checkpoints: { to, resume: true, resumeDrained: true } })
  await after.handle.checkpoint()
  expect(late.visible).toEqual([row(3, 4)])
  expect(second.visible).toEqual([[20, 1]])
  await after.handle.cancel()
})
