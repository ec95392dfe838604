import { TidemarkError } from '../errors.js'
import { requireKnownOptions } from '../options.js'
import type { TimeWindow } from './time-window.js'
import type { CountedSpec, WindowAssigner } from './window-spec.js'

export interface CountedWindowOptions {
  /** A result every so many records of a key. Default: the size, so that each record is in one window. */
  readonly slide?: number
  /** What becomes of a window that is not complete when the input ends. Default `emit`. */
  readonly rest?: 'emit' | 'drop'
}

/**
 * The last `size` records of a key, each `slide` of them, in the order in which they come. A window has the times of its
 * records as bounds, from the oldest to the newest, and its result has the time of the newest. Nothing is late.
 *
 * @example readings.keyBy((reading) => reading.sensor).window(counted(100)).aggregate('by-100', { mean: mean((r) => r.value) })
 * @throws TidemarkError OPTION_INVALID for an option that it does not have.
 * @throws TidemarkError WINDOW_INVALID when `size` or `slide` is not a positive whole number.
 */
export function counted(size: number, options: CountedWindowOptions = {}): WindowAssigner<unknown, TimeWindow> {
  requireKnownOptions('counted', options, { slide: true, rest: true })
  const slide = options.slide ?? size
  const rest: string = options.rest ?? 'emit'
  requireCount('size', size)
  requireCount('slide', slide)
  if (rest !== 'emit' && rest !== 'drop') throw invalid(`counted: expected rest 'emit' or 'drop', found '${rest}'`)
  const spec: CountedSpec = { kind: 'counted', size, slide, emitsRest: rest === 'emit' }
  // What becomes of the rest changes nothing in the state.
  return Object.freeze({
    kind: `counted(${size}${slide === size ? '' : `, slide ${slide}`})`,
    spec: Object.freeze(spec),
  })
}

function requireCount(name: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return
  throw invalid(`counted: ${name} must be a positive whole number of records, not ${count}`)
}

function invalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'WINDOW_INVALID', domain: 'user', message })
}
