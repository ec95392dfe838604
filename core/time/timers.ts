import { TidemarkError } from '../errors.js'
import type { KeyGroupedComponent } from '../state/backend.js'
import type { InternalKey } from '../state/key.js'
import type { TimerNamespace } from './timer-heap.js'
import { TimerQueue } from './timer-queue.js'

const LAYOUT = 'by-key'
const VERSION = 1

/** As stored: the timers of a group and domain, in columns of one length. */
interface TimerColumns {
  readonly timestamps: readonly number[]
  readonly keys: readonly InternalKey[]
  readonly namespaces: readonly TimerNamespace[]
}

/**
 * The timers of an operator, kept with its keyed state. The operator fires those of `event` when a watermark comes and
 * those of `processing` when the clock says so: `while (!output.full) { const timer = queue.takeDue(time) ... }`.
 */
export class KeyedTimers implements KeyGroupedComponent {
  readonly name: string
  readonly layout = LAYOUT
  readonly version = VERSION
  readonly event = new TimerQueue()
  readonly processing = new TimerQueue()

  constructor(name = 'timers') {
    this.name = name
  }

  snapshotGroup(group: number): unknown {
    if (!this.event.hasGroup(group) && !this.processing.hasGroup(group)) return undefined
    return { event: columnsOf(this.event, group), processing: columnsOf(this.processing, group) }
  }

  restoreGroup(group: number, data: unknown, stored: { readonly layout: string; readonly version: number }): void {
    if (stored.layout !== LAYOUT || stored.version !== VERSION) {
      throw new TidemarkError({
        code: 'STATE_LAYOUT_UNKNOWN',
        domain: 'storage',
        message:
          `${this.name}, key group ${group}: expected timers in layout ${LAYOUT}, version ${VERSION}, ` +
          `found ${stored.layout}, version ${stored.version}; restore with the Tidemark release that wrote them`,
      })
    }
    // What is wrong with it is found column by column.
    const domains = data as { readonly event?: unknown; readonly processing?: unknown } | null | undefined
    this.restore(this.event, group, domains?.event)
    this.restore(this.processing, group, domains?.processing)
  }

  private restore(queue: TimerQueue, group: number, data: unknown): void {
    const columns = data as Partial<TimerColumns> | null | undefined
    const { timestamps, keys, namespaces } = columns ?? {}
    const areColumns = Array.isArray(timestamps) && Array.isArray(keys) && Array.isArray(namespaces)
    if (!areColumns || timestamps.length !== keys.length || timestamps.length !== namespaces.length) {
      throw this.corrupt(group)
    }
    for (let index = 0; index < timestamps.length; index++) {
      const timestamp: unknown = timestamps[index]
      const key: unknown = keys[index]
      const namespace: unknown = namespaces[index]
      if (typeof timestamp !== 'number' || Number.isNaN(timestamp) || !isInternalKey(key) || !isNamespace(namespace))
        throw this.corrupt(group)
      queue.register({ timestamp, key, group, namespace })
    }
  }

  private corrupt(group: number): TidemarkError {
    return new TidemarkError({
      code: 'CHECKPOINT_CORRUPT',
      domain: 'storage',
      message: `${this.name}, key group ${group}: expected timers, found something else`,
    })
  }
}

function columnsOf(queue: TimerQueue, group: number): TimerColumns {
  const timestamps: number[] = []
  const keys: InternalKey[] = []
  const namespaces: TimerNamespace[] = []
  for (const timer of queue.timersOf(group)) {
    timestamps.push(timer.timestamp)
    keys.push(timer.key)
    namespaces.push(timer.namespace)
  }
  return { timestamps, keys, namespaces }
}

function isInternalKey(value: unknown): value is InternalKey {
  return (
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
  )
}

function isNamespace(value: unknown): value is TimerNamespace {
  return typeof value === 'string' || typeof value === 'number'
}
