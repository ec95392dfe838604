import { TidemarkError } from '../../errors.js'
import type { Window } from '../../window/time-window.js'
import type { Trigger } from '../../window/trigger.js'
import { eventTime, never, processingTime } from '../../window/triggers.js'
import type { CountedSpec, TriggeredSpec } from '../../window/window-spec.js'
import type { Operator } from '../operator.js'
import { AggregatedContents } from './aggregated-contents.js'
import { AlignedWindowOperator } from './aligned-window-operator.js'
import type { Contents } from './contents.js'
import { CountedWindowOperator } from './counted-window-operator.js'
import { EvictedContents } from './evicted-contents.js'
import { KeyedWindowOperator } from './keyed-window-operator.js'
import { ProcessedContents } from './processed-contents.js'
import { SlicedWindowOperator } from './sliced-window-operator.js'
import type { WindowOperatorSpec } from './spec.js'

/**
 * An operator for one subtask. Batches must carry keys and groups. Results are stamped with the window's last
 * millisecond.
 *
 * With their default trigger and no evictor, sliding windows of an aggregate are kept by slice and other aligned windows by window;
 * everything else is kept by key.
 *
 * @throws TidemarkError WINDOW_INVALID when the parts do not fit together.
 */
export function windowOperator<T, W extends Window, A, R, Row>(
  spec: WindowOperatorSpec<T, W, A, R, Row>,
): Operator<T, Row> {
  // Values, accumulators and rows pass through the operators unseen, from the spec's functions to the spec's functions.
  return create(spec as unknown as WindowOperatorSpec) as Operator<T, Row>
}

function create(options: WindowOperatorSpec): Operator {
  const { assigner, allowedLatenessMs } = options
  const { spec } = assigner
  if (!(allowedLatenessMs >= 0)) {
    throw invalid(`${assigner.kind}: the allowed lateness must not be negative, but is ${allowedLatenessMs} ms`)
  }
  requireLasting(options)
  if (spec.kind === 'counted') return countedOperator(options, spec)
  const defaultTrigger = defaultTriggerOf(spec)
  const trigger = options.trigger ?? defaultTrigger
  const contents = contentsOf(options)
  // Accumulators of one aggregate mean nothing to another.
  const kept = keptIn(options, contents)
  const isByKey = trigger !== defaultTrigger || options.evictor !== undefined
  if (!isByKey && (spec.kind === 'tumbling' || spec.kind === 'sliding')) {
    if (spec.kind === 'sliding' && spec.time === 'event' && isMergeable(options)) {
      return new SlicedWindowOperator({ assigner: `${assigner.kind} ${kept}`, spec, contents, allowedLatenessMs })
    }
    const kind = `${assigner.kind} ${kept}`
    return new AlignedWindowOperator({ assigner: kind, spec, contents, allowedLatenessMs })
  }
  if (spec.kind === 'session' && trigger.merge === undefined) {
    throw invalid(`${assigner.kind}: sessions merge, and the trigger ${trigger.kind} has no merge function`)
  }
  requireSameTime(options, spec)
  const kind = `${assigner.kind} ${kept} ${trigger.kind}`
  return new KeyedWindowOperator({ assigner: kind, spec, trigger, contents, allowedLatenessMs })
}

/** The wall clock takes its windows away, wherever the watermark is. The other way round a result only waits for both. */
function requireSameTime({ assigner, trigger }: WindowOperatorSpec, spec: TriggeredSpec): void {
  if (spec.kind === 'global' || spec.time === 'event' || trigger?.endsIn !== 'event') return
  throw invalid(
    `${assigner.kind}: its windows end by the wall clock, and the trigger ${trigger.kind} waits for the watermark; use ` +
      "onTime({ time: 'processing' }), with every(..., { time: 'processing' }) before the end",
  )
}

/** Slices are of several windows: they have no state of one. */
function isMergeable({ contents }: WindowOperatorSpec): boolean {
  return contents.kind === 'aggregate' || (contents.kind === 'summary' && contents.windowState === undefined)
}

/** Whether a window of a key can be told from others all its life. */
function requireLasting({ assigner, contents }: WindowOperatorSpec): void {
  if (contents.kind === 'aggregate' || contents.kind === 'own' || contents.windowState === undefined) return
  const { kind } = assigner.spec
  const why = {
    session: 'sessions merge, and it is not said what becomes of two states',
    global: 'the window of a key never ends, and so would its state',
    counted: 'a window fires once, when it is complete, and is then over',
  }
  if (kind in why) {
    throw invalid(`${assigner.kind}: it has no windowState: ${why[kind as keyof typeof why]}. Use keyState`)
  }
}

function countedOperator(options: WindowOperatorSpec, spec: CountedSpec): Operator {
  const { assigner, trigger, evictor, allowedLatenessMs } = options
  if (evictor !== undefined) {
    throw invalid(`${assigner.kind}: it has the last records as it is and takes no evictor, found ${evictor.kind}`)
  }
  if (trigger !== undefined) {
    throw invalid(
      `${assigner.kind}: it fires by its count and takes no trigger, found ${trigger.kind}; use global() with a trigger`,
    )
  }
  if (allowedLatenessMs !== 0)
    throw invalid(`${assigner.kind}: nothing is late for it, so it takes no allowed lateness`)
  const contents = contentsOf(options)
  return new CountedWindowOperator({ assigner: `${assigner.kind} ${keptIn(options, contents)}`, spec, contents })
}

function defaultTriggerOf(spec: TriggeredSpec): Trigger {
  if (spec.kind === 'global') return never()
  return spec.time === 'event' ? eventTime() : processingTime()
}

function contentsOf({ contents, evictor }: WindowOperatorSpec): Contents {
  if (contents.kind === 'own') return contents.contents
  const whole = contents.kind === 'aggregate' ? new AggregatedContents(contents) : new ProcessedContents(contents)
  return evictor === undefined ? whole : new EvictedContents(whole, evictor)
}

function keptIn(options: WindowOperatorSpec, { aggregate }: Contents): string {
  const { contents, evictor } = options
  // Whatever is made of them, and whichever stay.
  if (evictor !== undefined) return aggregate.kind
  if (contents.kind === 'own') return `process ${aggregate.kind}`
  // A function may come and go: what is kept is the same.
  return contents.kind === 'process' ? 'process' : `aggregate ${aggregate.kind}`
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'WINDOW_INVALID', domain: 'user', message })
}
