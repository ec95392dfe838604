import { describe, expect, it } from 'vitest'
import { TidemarkError } from '../../../core/errors.js'
import { CheckpointCoordinator } from '../../../runtime/coordinator/checkpoint-coordinator.js'
import { virtualEnvironment } from '../../../runtime/environment/virtual.js'
import { deferred, outcomeOf } from '../fixture/start.js'

const ended = new TidemarkError({ code: 'GENERATION_ENDED', domain: 'coordination', message: 'over' })

function coordinatorOf(hooks: { write?: () => Promise<void>; complete?: () => Promise<void> } = {}) {
  const environment = virtualEnvironment()
  const calls: string[] = []
  const coordinator = new CheckpointCoordinator<number>({
    environment,
    settings: { intervalMs: 1000, minPauseMs: 0, timeoutMs: 5000, tolerableFailures: 0 },
    firstId: 1,
    taskCount: 1,
    trigger: ({ checkpointId }) => calls.push(`trigger ${checkpointId}`),
    cancel: (id) => calls.push(`cancel ${id}`),
    write: async ({ id }) => {
      await hooks.write?.()
      return id
    },
    complete: async (id) => {
      await hooks.complete?.()
      calls.push(`complete ${id}`)
      return 0
    },
    onCompleted: () => undefined,
    onAborted: (id) => calls.push(`aborted ${id}`),
    onFailure: () => calls.push('failed'),
  })
  coordinator.start()
  return { environment, calls, coordinator }
}

describe('when the generation ends', () => {
  it('a checkpoint that tasks still contribute to does not come to count', async () => {
    const { environment, calls, coordinator } = coordinatorOf()
    await environment.advance(1000)
    await coordinator.close(ended)
    coordinator.onSnapshot(0, 1, [])
    await environment.advance(60_000)
    expect(calls).toEqual(['trigger 1'])
    expect(environment.nextTimerAt).toBeUndefined()
  })

  it('nor does one whose objects are being written', async () => {
    const writing = deferred()
    const { environment, calls, coordinator } = coordinatorOf({ write: () => writing.promise })
    await environment.advance(1000)
    coordinator.onSnapshot(0, 1, [])
    expect(await outcomeOf(environment, coordinator.close(ended))).toBeUndefined()
    writing.resolve()
    await environment.settle()
    expect(calls).toEqual(['trigger 1'])
  })

  it('one that is on its way into the log is waited for', async () => {
    const logging = deferred()
    const { environment, calls, coordinator } = coordinatorOf({ complete: () => logging.promise })
    const requested = coordinator.request('requested', 'open')
    coordinator.onSnapshot(0, 1, [])
    await environment.settle()
    const closing = coordinator.close(ended)
    expect(await outcomeOf(environment, closing)).toBe('pending')
    logging.resolve()
    await closing
    expect(await requested).toMatchObject({ id: 1 })
    expect(calls).toEqual(['trigger 1', 'complete 1'])
  })

  it('what was asked for, and what is asked for later, is refused', async () => {
    const { environment, coordinator } = coordinatorOf()
    const first = coordinator.request('requested', 'open')
    const second = coordinator.request('requested', 'open')
    const outcomes = [outcomeOf(environment, first), outcomeOf(environment, second)]
    await coordinator.close(ended)
    expect(await Promise.all(outcomes)).toEqual([ended, ended])
    expect(await outcomeOf(environment, coordinator.request('stop', 'open'))).toBe(ended)
    expect(environment.nextTimerAt).toBeUndefined()
  })
})

describe('a snapshot that comes late', () => {
  it('for a checkpoint that timed out, does not count for the next one', async () => {
    const { environment, calls, coordinator } = coordinatorOf()
    await environment.advance(6000)
    expect(calls).toEqual(['trigger 1', 'cancel 1', 'aborted 1', 'failed'])
    coordinator.onSnapshot(0, 1, [])
    await environment.settle()
    expect(calls).not.toContain('complete 1')
    await coordinator.close(ended)
  })
})
