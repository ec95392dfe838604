import type { Chaining } from '../graph/node.js'
import type { OnError } from '../operators/guard/error-policy.js'
import { requireKnownOptions } from '../options.js'
import type { ProcessOptions, StatelessOptions, StepOptions } from './stream.js'

export interface Placement {
  readonly parallelism: number | undefined
  readonly chaining: Chaining | undefined
  readonly onError: OnError | undefined
}

const STEP_OPTIONS: Readonly<Record<keyof StepOptions, true>> = { parallelism: true, chaining: true }
/** What every step that calls functions has. */
export const PROCESS_OPTIONS: Readonly<Record<keyof ProcessOptions, true>> = { ...STEP_OPTIONS, onError: true }
export const STATELESS_OPTIONS: Readonly<Record<keyof StatelessOptions, true>> = { ...PROCESS_OPTIONS, name: true }

/**
 * Where a step runs, and what it does with a failed record, as options say that are no more than `ProcessOptions`.
 * @throws TidemarkError OPTION_INVALID
 */
export function placementOf(where: string, options: ProcessOptions | undefined): Placement {
  if (options !== undefined) requireKnownOptions<ProcessOptions>(where, options, PROCESS_OPTIONS)
  return knownPlacement(options)
}

/** Where a source or a sink runs: they call no functions of which a record could be given up. */
export function connectorPlacementOf(where: string, options: StepOptions | undefined): Placement {
  if (options !== undefined) requireKnownOptions<StepOptions>(where, options, STEP_OPTIONS)
  return knownPlacement(options)
}

/** Of options that the step has checked, before it read any. */
export function knownPlacement(options: ProcessOptions | undefined): Placement {
  return { parallelism: options?.parallelism, chaining: options?.chaining, onError: options?.onError }
}
