import { TidemarkError } from '../errors.js'

export function withoutKeys(operatorId: string): TidemarkError {
  return new TidemarkError({
    code: 'BATCH_WITHOUT_KEYS',
    domain: 'internal',
    operatorId,
    message: `${operatorId}: expected rows with keys, found a batch without: it was not read through a keyBy`,
  })
}
