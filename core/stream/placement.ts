import type { Chaining } from '../graph/node.js'
import type { StepOptions } from './stream.js'

interface Placement {
  readonly parallelism: number | undefined
  readonly chaining: Chaining | undefined
}

/** Where a step runs, as its options say. */
export function placementOf(options: StepOptions | undefined): Placement {
  return { parallelism: options?.parallelism, chaining: options?.chaining }
}
