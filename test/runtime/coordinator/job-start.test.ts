import { expect, it } from 'vitest'
import type { EnumeratorContext } from '../../../core/connector.js'
import { faultyStore } from '../fixture/faulty-store.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { countingJob, startMaster } from './master.js'

class Watched extends Script {
  readonly startedAt: (number | undefined)[] = []

  override enumerate(context?: EnumeratorContext) {
    this.startedAt.push(context?.startedAt)
    return super.enumerate()
  }
}

it('a source is told when the job first started, by every process, until there is a checkpoint', async () => {
  const store = faultyStore()
  const source = new Watched({ intervalMs: 1000 }).push('a', row(1))
  const start = () => startMaster(countingJob(source, new LedgerSink<Row>()), { store })
  const first = await start()
  const began = first.environment.clock.now()
  first.master.stop({ kind: 'cancel' })
  await first.environment.settle()
  const second = await start()
  await second.environment.advance(5000)
  await second.master.checkpoint()
  second.master.stop({ kind: 'cancel' })
  await second.environment.settle()
  const third = await start()
  third.master.stop({ kind: 'cancel' })
  await third.environment.settle()
  expect(source.startedAt).toEqual([began, began, undefined])
})
