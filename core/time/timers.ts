import type { SequenceEncoder } from '../codec/index.js'
import { TidemarkError } from '../errors.js'
import type { KeyGroupRange } from '../state/backend.js'
import { ChangeLog } from '../state/change-log.js'
import type { KeyGroupedComponent, Presence, StoredLayout } from '../state/component.js'
import { isInternalKey } from '../state/key.js'
import { RESTORED } from '../state/leaf.js'
import { type TimerNamespace, WAITS_NOT, type WaitingTimer } from './timer-heap.js'
import { TimerQueue } from './timer-queue.js'

const LAYOUT = 'by-key'
const VERSION = 1

const DOMAINS = ['event', 'processing'] as const

/**
 * The timers of an operator, kept with its keyed state; stored as [domain, timestamp, key, namespace]. The operator fires
 * those of `event` when a watermark comes and those of `processing` when the clock says so:
 * `while (!output.full) { const timer = queue.takeDue(time) ... }`.
 */
export class KeyedTimers implements KeyGroupedComponent<WaitingTimer> {
  readonly name: string
  readonly layout = LAYOUT
  readonly version = VERSION
  readonly changes: ChangeLog<WaitingTimer>
  readonly event: TimerQueue
  readonly processing: TimerQueue
  private readonly firstGroup: number

  constructor(range: KeyGroupRange, name = 'timers') {
    this.name = name
    this.firstGroup = range.first
    this.changes = new ChangeLog(range.end - range.first, (timer) => timer.isStored || timer.position !== WAITS_NOT)
    this.event = new TimerQueue({ domain: 'event', firstGroup: range.first, changes: this.changes })
    this.processing = new TimerQueue({ domain: 'processing', firstGroup: range.first, changes: this.changes })
  }

  *entriesOf(slot: number): IterableIterator<WaitingTimer> {
    yield* this.event.timersOf(this.firstGroup + slot)
    yield* this.processing.timersOf(this.firstGroup + slot)
  }

  presence(timer: WaitingTimer): Presence {
    return timer.position === WAITS_NOT ? 'gone' : 'present'
  }

  writeKey({ domain, timestamp, key, namespace }: WaitingTimer, encoder: SequenceEncoder): void {
    encoder.value([DOMAINS.indexOf(domain), timestamp, key, namespace])
  }

  writeValue(_timer: WaitingTimer, encoder: SequenceEncoder): void {
    encoder.value(null)
  }

  accept(stored: StoredLayout): void {
    if (stored.layout === LAYOUT && stored.version === VERSION) return
    throw new TidemarkError({
      code: 'STATE_LAYOUT_UNKNOWN',
      domain: 'storage',
      message:
        `${this.name}: expected timers in layout ${LAYOUT}, version ${VERSION}, found ${stored.layout}, ` +
        `version ${stored.version}; restore with the Tidemark release that wrote them`,
    })
  }

  restore(slot: number, stored: unknown): void {
    const { queue, timer } = this.read(slot, stored)
    const waiting = queue.register(timer)
    if (waiting === undefined) return
    waiting.stamp = RESTORED
    waiting.isStored = true
  }

  restoreDeletion(slot: number, stored: unknown): void {
    const { queue, timer } = this.read(slot, stored)
    queue.delete(timer)
  }

  restoreEmpty(slot: number): void {
    const group = this.firstGroup + slot
    for (const queue of [this.event, this.processing]) {
      for (const timer of [...queue.timersOf(group)]) queue.delete(timer)
    }
  }

  private read(slot: number, stored: unknown) {
    const fields: readonly unknown[] = Array.isArray(stored) ? stored : []
    const [domain, timestamp, key, namespace] = fields
    const isTimestamp = typeof timestamp === 'number' && !Number.isNaN(timestamp)
    const group = this.firstGroup + slot
    if ((domain !== 0 && domain !== 1) || !isTimestamp || !isInternalKey(key) || !isNamespace(namespace)) {
      throw new TidemarkError({
        code: 'CHECKPOINT_CORRUPT',
        domain: 'storage',
        message: `${this.name}, key group ${group}: expected timers, found something else`,
      })
    }
    return { queue: domain === 0 ? this.event : this.processing, timer: { timestamp, key, group, namespace } }
  }
}

function isNamespace(value: unknown): value is TimerNamespace {
  return typeof value === 'string' || typeof value === 'number'
}
