import type { Chaining } from '../graph/node.js'
import type { OnError } from '../operators/guard/error-policy.js'
import { requireKnownOptions } from '../options.js'
import type { ProcessOptions, StatelessOptions, StepOptions } from './stream.js'

export interface Placement {
  readonly parallelism: number | undefined
  readonly chaining: Chaining | undefined
  readonly onError: OnError | undefined
}

export const STEP_OPTIONS: Readonly<Record<keyof StepOptions, true>> = { parallelism: true, chaining: true }
/** What every step that calls functions has. */
export const PROCESS_OPTIONS: Readonly<Record<keyof ProcessOptions, true>> = { ...STEP_OPTIONS, onError: true }
export const STATELESS_OPTIONS: Readonly<Record<keyof StatelessOptions, true>> = { ...PROCESS_OPTIONS, name: true }

/**
 * Where a step runs, and what it does with a failed record, as its options say.
 * @param known the names that the options may have
 * @throws TidemarkError OPTION_INVALID
 */
export function placementOf(
  where: string,
  options: ProcessOptions | undefined,
  known: Readonly<Record<string, true>> = PROCESS_OPTIONS,
): Placement {
  // The compiler cannot know that those of ProcessOptions are among them: all the constants above have them.
  if (options !== undefined) requireKnownOptions(where, options, known as typeof PROCESS_OPTIONS)
  return knownPlacement(options)
}

/** The same of options that somebody else has checked. */
export function knownPlacement(options: ProcessOptions | undefined): Placement {
  return { parallelism: options?.parallelism, chaining: options?.chaining, onError: options?.onError }
}
