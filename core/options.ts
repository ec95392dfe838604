import { TidemarkError } from './errors.js'
import { didYouMean } from './parameters/suggest.js'

export function optionInvalid(where: string, message: string): TidemarkError {
  return new TidemarkError({ code: 'OPTION_INVALID', domain: 'user', message: `${where}: ${message}` })
}

/**
 * Refuses what is no object of options, and names that `where` does not have: the compiler stops most of them, but not
 * in JavaScript, nor in an object that is spread in.
 * @param known every name of the options; the compiler sees to it that none is missing.
 * @throws TidemarkError OPTION_INVALID
 */
export function requireKnownOptions<O extends object>(
  where: string,
  options: O,
  known: Readonly<Record<KeysOfUnion<O>, true>>,
): void {
  if (typeof options !== 'object' || options === null) {
    throw optionInvalid(where, `expected an object of options, found ${options === null ? 'null' : typeof options}`)
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name)) {
      throw optionInvalid(where, `there is no option '${name}'${didYouMean(name, Object.keys(known))}`)
    }
  }
}

type KeysOfUnion<O> = O extends unknown ? keyof O : never

/** @throws TidemarkError OPTION_INVALID, naming the choices. */
export function requireChoice(
  where: string,
  option: { name: string; value: unknown; choices: readonly string[] },
): void {
  const { name, value, choices } = option
  if (value === undefined || choices.includes(value as string)) return
  throw optionInvalid(where, `${name} is one of ${choices.join(', ')}, found ${shown(value)}`)
}

/** @throws TidemarkError OPTION_INVALID */
export function requireEndpoint(where: string, endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isPlain = url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
  // Credentials in a URL would end up in messages.
  if (isPlain && url.username === '' && url.password === '') return
  throw optionInvalid(where, 'endpoint is a URL such as http://127.0.0.1:9000, without credentials, query and fragment')
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : value === null ? 'null' : `a ${typeof value}`
}
