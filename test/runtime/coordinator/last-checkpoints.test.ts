import { describe, expect, it } from 'vitest'
import { TidemarkError } from '../../../core/errors.js'
import { defineJob, type Job } from '../../../core/job/job.js'
import {
  CheckpointCoordinator,
  type CheckpointCoordinatorOptions,
} from '../../../runtime/coordinator/checkpoint-coordinator.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { faultyStore } from '../fixture/faulty-store.js'
import { LedgerSink } from '../fixture/ledger-sink.js'
import { type Row, row, Script } from '../fixture/script.js'
import { eventTime, outcomeOf, start } from '../fixture/start.js'

/** Whose checkpoints take no time, and the kinds of those that began. */
function coordinatorOf(options: Partial<CheckpointCoordinatorOptions<number>> = {}) {
  const environment = virtualEnvironment({ startAt: 0 })
  const begun: string[] = []
  const coordinator: CheckpointCoordinator<number> = new CheckpointCoordinator<number>({
    environment,
    settings: { intervalMs: 10_000, minPauseMs: 0, timeoutMs: 5000, tolerableFailures: 9 },
    firstId: 1,
    taskCount: 1,
    trigger: ({ checkpointId }) => coordinator.onSnapshot(0, checkpointId, []),
    cancel: () => undefined,
    write: async ({ id, kind }) => {
      begun.push(`${environment.clock.now() / 1000} s: ${kind}`)
      return id
    },
    complete: async () => 0,
    onCompleted: () => undefined,
    onAborted: () => undefined,
    onFailure: () => undefined,
    ...options,
  })
  coordinator.start()
  return { environment, coordinator, begun }
}

describe('savepoints', () => {
  it('however many are taken do not put off the checkpoint that commits', async () => {
    const { environment, coordinator, begun } = coordinatorOf()
    for (let n = 0; n < 6; n++) {
      await environment.advance(4000)
      await coordinator.request('savepoint', 'open')
    }
    expect(begun.filter((each) => each.endsWith('periodic'))).toEqual(['10 s: periodic', '20 s: periodic'])
  })

  it('that are in progress when a checkpoint is due are followed by it', async () => {
    const { environment, coordinator, begun } = coordinatorOf({ trigger: () => undefined })
    await environment.advance(8000)
    const savepoint = coordinator.request('savepoint', 'open')
    await environment.advance(4000)
    coordinator.onSnapshot(0, 1, [])
    await savepoint
    await environment.advance(1)
    coordinator.onSnapshot(0, 2, [])
    await environment.settle()
    expect(begun).toEqual(['12 s: savepoint', '12.001 s: periodic'])
  })

  it('that fail do not put it off either', async () => {
    const fail = async (): Promise<number> => {
      throw new TidemarkError({ code: 'STORAGE_FAILED', domain: 'storage', message: 'away' })
    }
    const aborted: string[] = []
    const { environment, coordinator } = coordinatorOf({
      write: fail,
      onAborted: (_id, _reason, { kind }) => aborted.push(kind),
    })
    for (let n = 0; n < 3; n++) {
      await environment.advance(4000)
      await outcomeOf(environment, coordinator.request('savepoint', 'open'))
    }
    expect(aborted).toEqual(['savepoint', 'savepoint', 'periodic', 'savepoint'])
  })
})

describe('behind the last checkpoint', () => {
  it.each(['stop', 'final'] as const)('of kind %s no other begins', async (kind) => {
    const { environment, coordinator, begun } = coordinatorOf()
    const last = coordinator.request(kind, 'open')
    const others = [coordinator.request('savepoint', 'open'), coordinator.request('requested', 'open')]
    const outcomes = await Promise.all(others.map((other) => outcomeOf(environment, other)))
    await last
    await environment.advance(60_000)
    expect(outcomes).toMatchObject([{ code: 'JOB_NOT_RUNNING' }, { code: 'JOB_NOT_RUNNING' }])
    expect(begun).toEqual([`0 s: ${kind}`])
  })

  it('what waited for its turn is refused as it begins', async () => {
    const { environment, coordinator, begun } = coordinatorOf({ trigger: () => undefined })
    const first = coordinator.request('requested', 'open')
    const last = coordinator.request('final', 'finished')
    const late = outcomeOf(environment, coordinator.request('savepoint', 'open'))
    coordinator.onSnapshot(0, 1, [])
    await first
    expect(await late).toMatchObject({ code: 'JOB_NOT_RUNNING' })
    coordinator.onSnapshot(0, 2, [])
    await last
    expect(begun).toEqual(['0 s: requested', '0 s: final'])
  })
})

describe('a drain', () => {
  it('is in no checkpoint but its last: one source has ended, the other still has to be read', async () => {
    const [ended, slow] = [new LedgerSink<Row>(), new LedgerSink<Row>()]
    let isStalled = true
    slow.hooks.capacity = () => (isStalled ? 0 : 1000)
    const sources = {
      one: new Script({ intervalMs: 1000 }).push('a', row(1)),
      other: new Script({ intervalMs: 1000 }).push('a', row(2), row(3), row(4), row(5), row(6)),
    }
    const job = defineJob('two', (job) => {
      job.from('one', sources.one, eventTime()).to('ended', ended)
      job.from('other', sources.other, eventTime()).to('slow', slow)
    }) as Job<unknown>
    const store = faultyStore()
    const { handle, environment } = await start(job, {
      checkpoints: { to: store },
      limits: { outputRows: 1, channelRows: 1 },
    })
    const stopped = handle.stop({ drain: 'now' })
    await environment.advance(15_000)
    isStalled = false
    slow.wake()
    await environment.settle()
    expect(await outcomeOf(environment, stopped)).toMatchObject({ status: 'finished' })
    const inputs: string[] = []
    for (const name of await store.names('log/')) {
      const { body } = JSON.parse(new TextDecoder().decode(await store.read(name))) as { body: string }
      for (const match of body.matchAll(/"input":"(\w+)"/g)) inputs.push(match[1] as string)
    }
    expect(new Set(inputs)).toEqual(new Set(['drained']))
    expect(handle.progress().checkpoints).toMatchObject({ completed: 1, failed: 0 })
  })
})
