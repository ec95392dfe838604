import { graphError } from './graph-error.js'

/** Savepoints, metrics, file names and URLs carry ids: letters that all of them take. */
const ID = /^[A-Za-z0-9_-]{1,64}$/

/**
 * @param what names the step in the message: `a source`, `keyBy(...).process`.
 * @throws TidemarkError GRAPH_ID_MISSING, GRAPH_ID_INVALID
 */
export function requireId(id: unknown, what: string): string {
  if (id === undefined || id === null || id === '') {
    throw graphError(
      'GRAPH_ID_MISSING',
      `${what} needs an id: savepoints find its state by it. Give one as the first argument, such as 'trips-per-cell'`,
    )
  }
  if (typeof id !== 'string') {
    throw graphError('GRAPH_ID_INVALID', `${what}: expected its id as the first argument, found a ${typeof id}`)
  }
  if (!ID.test(id)) {
    throw graphError(
      'GRAPH_ID_INVALID',
      `${what}: '${id.slice(0, 80)}' is not an id. Use 1 to 64 letters, digits, '_' or '-'`,
      id.slice(0, 80),
    )
  }
  return id
}

/** @throws TidemarkError GRAPH_ID_INVALID */
export function requireSideOutputName(name: string, operatorId: string, taken: ReadonlySet<string>): void {
  if (ID.test(name) && !taken.has(name)) return
  throw graphError(
    'GRAPH_ID_INVALID',
    taken.has(name)
      ? `${operatorId}: a side output cannot be called '${name}', every stream has that. Choose another name`
      : `${operatorId}: '${name.slice(0, 80)}' cannot name a side output. Use 1 to 64 letters, digits, '_' or '-'`,
    operatorId,
  )
}
