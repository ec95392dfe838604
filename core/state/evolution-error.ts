import { messageOf, TidemarkError } from '../errors.js'

/** What is refused, of which operator. */
interface Of {
  readonly operatorId: string
  readonly state: string
}

export function versionNewer(of: Of, stored: number, declared: number): TidemarkError {
  return refusal(
    'STATE_VERSION_NEWER',
    of,
    `the stored state has version ${stored}, the job declares version ${declared}: run the release of the job that wrote ` +
      'it or a later one, or restore what an earlier one wrote',
  )
}

export function migrationMissing(
  of: Of,
  { stored, declared, missing }: { readonly stored: number; readonly declared: number; readonly missing: number },
): TidemarkError {
  return refusal(
    'STATE_MIGRATION_MISSING',
    of,
    `the stored state has version ${stored}, the job declares version ${declared}, and nothing leads from version ` +
      `${missing} to ${missing + 1}: add migrate: { ${missing}: (old) => ... } to its declaration`,
  )
}

export function aggregateChanged(of: Of, stored: string, declared: string): TidemarkError {
  return refusal(
    'STATE_AGGREGATE_CHANGED',
    of,
    `the stored state has accumulators of '${stored}', the job declares '${declared}': keep the aggregate, raise the ` +
      "state's version and migrate the accumulators, or give the new state another name",
  )
}

/** The operator and the key group are said by whoever restores. */
export function migrationFailed(state: string, from: number, cause: unknown): TidemarkError {
  return new TidemarkError({
    code: 'STATE_MIGRATION_FAILED',
    domain: 'user',
    message: `state '${state}': its migration from version ${from} to ${from + 1} failed: ${messageOf(cause)}`,
    cause,
  })
}

export function migratedKeysCollide(state: string): TidemarkError {
  return new TidemarkError({
    code: 'STATE_MIGRATION_FAILED',
    domain: 'user',
    message: `state '${state}': migrateKeys makes one key of two of a map, and one of the values would be lost`,
  })
}

export function keyTypeChanged(operatorId: string, stored: string, found: string): TidemarkError {
  return new TidemarkError({
    code: 'KEY_TYPE_CHANGED',
    domain: 'user',
    operatorId,
    message:
      `operator '${operatorId}': its stored state has keys of type ${stored}, the job keys by ${found}, so nothing of the ` +
      'state would be found: key as before, give the step a new id, or go on without the state of the old keys ' +
      '(allowDroppedState)',
  })
}

function refusal(code: string, { operatorId, state }: Of, message: string): TidemarkError {
  return new TidemarkError({
    code,
    domain: 'user',
    operatorId,
    message: `state '${state}' of operator '${operatorId}': ${message}`,
  })
}
