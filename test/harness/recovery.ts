import { seededRandom } from '../../core/random.js'
import type { InstanceCheckpoint, OperatorInstance } from './operator-instance.js'
import { EMPTY_SNAPSHOT, joinSnapshots, type OperatorSnapshot } from './snapshot.js'

/** A run that can be taken back to where it was. */
export interface RecoverableRun<Element> {
  readonly instances: readonly OperatorInstance[]
  send(element: Element): Promise<void>
  deploy(parallelism: number, restored: OperatorSnapshot): Promise<void>
  /** Remembers output, counters and clock; the function it returns takes the run back to them. */
  mark(): () => void
}

interface RestorePoint {
  readonly snapshot: OperatorSnapshot
  /** The element that comes next. */
  readonly next: number
  readonly takeBack: () => void
}

interface Pending {
  readonly checkpoints: readonly InstanceCheckpoint[]
  readonly next: number
  readonly takeBack: () => void
}

/**
 * Elements one by one, most of them with a checkpoint behind them: completed at once, written while the next element is
 * worked on, aborted, or a savepoint. Now and then everything fails, and goes on from the newest snapshot on one subtask
 * instead of two, or two instead of one. The same elements give the same course.
 */
export async function sendWithFailures<Element>(
  run: RecoverableRun<Element>,
  elements: readonly Element[],
): Promise<void> {
  const random = seededRandom(elements.length)
  let point: RestorePoint = { snapshot: EMPTY_SNAPSHOT, next: 0, takeBack: run.mark() }
  let pending: Pending | undefined
  let failedAt = 0
  let next = 0
  while (next < elements.length) {
    await run.send(elements[next] as Element)
    next++
    if (pending !== undefined) point = settle(pending, random.next() < 0.2) ?? point
    pending = undefined
    const isEnd = next === elements.length
    if (next > failedAt && random.next() < 0.25) {
      failedAt = next
      for (const instance of run.instances) await instance.close()
      point.takeBack()
      await run.deploy(run.instances.length === 1 ? 2 : 1, point.snapshot)
      next = point.next
    } else if (!isEnd && random.next() < 0.9) {
      pending = await begin(run, next, random.next() < 0.15 ? 'savepoint' : 'checkpoint')
      if (random.next() < 0.3) for (const checkpoint of pending.checkpoints) checkpoint.work(() => true)
      if (random.next() < 0.5) {
        point = settle(pending, random.next() < 0.2) ?? point
        pending = undefined
      }
    }
  }
}

async function begin(run: RecoverableRun<never>, next: number, kind: 'checkpoint' | 'savepoint'): Promise<Pending> {
  const checkpoints: InstanceCheckpoint[] = []
  for (const instance of run.instances) checkpoints.push(await instance.begin(kind))
  return { checkpoints, next, takeBack: run.mark() }
}

function settle({ checkpoints, next, takeBack }: Pending, isAborted: boolean): RestorePoint | undefined {
  if (!isAborted) return { snapshot: joinSnapshots(checkpoints.map((one) => one.complete())), next, takeBack }
  for (const checkpoint of checkpoints) checkpoint.abort()
  return undefined
}
