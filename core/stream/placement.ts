import type { Chaining } from '../graph/node.js'
import type { OnError } from '../operators/guard/error-policy.js'
import type { ProcessOptions } from './stream.js'

interface Placement {
  readonly parallelism: number | undefined
  readonly chaining: Chaining | undefined
  readonly onError: OnError | undefined
}

/** Where a step runs, and what it does with a failed record, as its options say. */
export function placementOf(options: ProcessOptions | undefined): Placement {
  return { parallelism: options?.parallelism, chaining: options?.chaining, onError: options?.onError }
}
