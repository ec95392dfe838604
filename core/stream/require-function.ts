import { graphError } from '../graph/graph-error.js'

/**
 * A user function is a function, or an object with one called `method`.
 * @throws TidemarkError GRAPH_STEP_INVALID
 */
export function requireFunction(found: unknown, method: string, step: string): void {
  if (typeof found === 'function') return
  if (typeof found === 'object' && found !== null && typeof Reflect.get(found, method) === 'function') return
  throw graphError(
    'GRAPH_STEP_INVALID',
    `${step}: expected a function or an object with ${method}(...), found ${found === null ? 'null' : typeof found}`,
    step,
  )
}
