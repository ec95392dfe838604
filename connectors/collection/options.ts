import { TidemarkError } from '../../core/errors.js'

export function requirePositiveInteger(
  where: string,
  option: { readonly name: string; readonly value: number },
): number {
  if (Number.isSafeInteger(option.value) && option.value > 0) return option.value
  throw optionError(where, `${option.name} is a whole number above 0, found ${option.value}`)
}

export function optionError(where: string, message: string): TidemarkError {
  return new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `${where}: ${message}` })
}
