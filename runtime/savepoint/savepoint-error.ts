import { TidemarkError } from '../../core/errors.js'

/** Whose data is wrong, for messages. */
export interface Place {
  readonly location: string
  readonly operatorId: string
}

/** The error for data of an operator that Tidemark did not write so. */
export function stateCorrupt({ location, operatorId }: Place, found: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'CHECKPOINT_CORRUPT',
    domain: 'storage',
    operatorId,
    message: `keyed state of operator '${operatorId}' in ${location} cannot be trusted: ${found}`,
    cause,
  })
}

export function layoutUnknown({ location, operatorId }: Place, component: string, layout: string): TidemarkError {
  return new TidemarkError({
    code: 'STATE_LAYOUT_UNKNOWN',
    domain: 'storage',
    operatorId,
    message:
      `'${component}' of operator '${operatorId}' in ${location}: expected a layout that this release can read, found ` +
      `${layout}; use the Tidemark release that wrote the savepoint`,
  })
}

export function unknownOperator(location: string, id: string, known: readonly string[]): TidemarkError {
  return new TidemarkError({
    code: 'SAVEPOINT_OPERATOR_UNKNOWN',
    domain: 'user',
    operatorId: id,
    message: `${location} has no operator '${id}': it has ${known.map((one) => `'${one}'`).join(', ') || 'none'}`,
  })
}

export function unknownState(place: Place, state: string, known: readonly string[]): TidemarkError {
  const { location, operatorId } = place
  return new TidemarkError({
    code: 'SAVEPOINT_STATE_UNKNOWN',
    domain: 'user',
    operatorId,
    message:
      `operator '${operatorId}' in ${location} has no keyed state '${state}': it has ` +
      `${known.map((one) => `'${one}'`).join(', ') || 'none'}`,
  })
}

/** The error for an entry that a caller gave. */
export function entryInvalid(operatorId: string, message: string, cause?: unknown): TidemarkError {
  return new TidemarkError({
    code: 'SAVEPOINT_ENTRY_INVALID',
    domain: 'user',
    operatorId,
    message: `an entry for operator '${operatorId}': ${message}`,
    cause,
  })
}
