import { TidemarkError } from '../errors.js'

export function stateNameTaken(operatorId: string, name: string, kind: string, takenBy: string): TidemarkError {
  const other =
    kind === takenBy ? `already opened as ${kind} state` : `already opened as ${takenBy} state, not as ${kind}`
  return new TidemarkError({
    code: 'STATE_NAME_DUPLICATE',
    domain: 'user',
    operatorId,
    message: `state '${name}' of operator '${operatorId}': expected a name of its own, found one ${other}; rename one of them`,
  })
}

export function ttlWithoutClock(operatorId: string, state: string): TidemarkError {
  return new TidemarkError({
    code: 'TTL_WITHOUT_CLOCK',
    domain: 'internal',
    operatorId,
    message: `state '${state}' of operator '${operatorId}': expected a clock for its time to live, found none; report this`,
  })
}

export function noCurrentKey(operatorId: string): TidemarkError {
  return new TidemarkError({
    code: 'STATE_WITHOUT_KEY',
    domain: 'user',
    operatorId,
    message:
      `keyed state of operator '${operatorId}': expected access while a record or timer is processed, found no current ` +
      'key; do not use keyed state in open, close or after an await',
  })
}

export function foreignKeyGroup(operatorId: string, group: number, first: number, end: number): TidemarkError {
  return new TidemarkError({
    code: 'KEY_GROUP_FOREIGN',
    domain: 'internal',
    operatorId,
    message: `operator '${operatorId}': expected a key group from ${first} to ${end - 1}, found ${group}; report this`,
  })
}

export function stateLayoutUnknown(
  operatorId: string,
  component: string,
  expected: string,
  found: string,
): TidemarkError {
  return new TidemarkError({
    code: 'STATE_LAYOUT_UNKNOWN',
    domain: 'storage',
    operatorId,
    message:
      `'${component}' of operator '${operatorId}': expected ${expected}, found ${found} in the checkpoint; ` +
      'keep the kind of a state, or give the new one another name',
  })
}

export function stateCorrupt(
  operatorId: string,
  group: number | undefined,
  found: string,
  cause?: unknown,
): TidemarkError {
  const where = group === undefined ? '' : `, key group ${group}`
  return new TidemarkError({
    code: 'CHECKPOINT_CORRUPT',
    domain: 'storage',
    operatorId,
    message: `keyed state of operator '${operatorId}'${where}: expected state by component, found ${found}`,
    cause,
  })
}

export function mapKeyInvalid(found: unknown): TidemarkError {
  return new TidemarkError({
    code: 'MAP_KEY_INVALID',
    domain: 'user',
    message:
      `a key of map state: expected a string, a finite number, a bigint or a boolean, found ${typeof found === 'number' ? found : `a value of type ${typeof found}`}; ` +
      'make such a key of what tells the entries apart',
  })
}
