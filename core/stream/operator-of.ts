import type { Operator } from '../operators/operator.js'

/** The graph knows nothing of the types that the DSL has checked. */
export function operatorOf<In, Out>(create: () => Operator<In, Out>): () => Operator {
  return create as () => Operator
}
