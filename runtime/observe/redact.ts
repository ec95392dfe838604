const HIDDEN = '[redacted]'

/** Names of fields that hold secrets, however they are written: `apiKey`, `api-key`, `AWS_SECRET_ACCESS_KEY`. */
const SECRET_NAME =
  /secret|password|passwd|passphrase|authorization|credential|cookie|(^|[_-])token$|[a-z]Token$|api[_-]?key|access[_-]?key|private[_-]?key|signature/i

const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  // user:password@ of a URL
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi, `$1${HIDDEN}@`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  // Key ids of AWS, and what presigned URLs carry
  [/\b(AKIA|ASIA)[0-9A-Z]{16}\b/g, HIDDEN],
  [/([?&](?:X-Amz-(?:Signature|Credential|Security-Token)|token|password|secret|api_?key)=)[^&\s"']+/gi, `$1${HIDDEN}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
]

const DEEPEST = 4

/** Hides what looks like a secret inside a text: credentials in URLs, bearer tokens, keys of AWS, private keys. */
export function redactText(text: string): string {
  let result = text
  for (const [pattern, replacement] of SECRET_TEXTS) result = result.replace(pattern, replacement)
  return result
}

/** Fields of a log line as plain data: secrets hidden, errors by code and message, nothing deeper than a few levels. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactEntries(Object.entries(fields), 1)
}

function redactEntries(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
  return Object.fromEntries(
    entries.map(([name, value]) => [name, SECRET_NAME.test(name) ? HIDDEN : redactValue(value, depth)]),
  )
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return redactEntries(errorEntries(value), depth)
  if (depth >= DEEPEST) return Array.isArray(value) ? '[array]' : '[object]'
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : value.toISOString()
  return redactEntries(Object.entries(value), depth + 1)
}

function errorEntries(error: Error): [string, unknown][] {
  const code: unknown = 'code' in error ? error.code : undefined
  return [
    ['type', error.name],
    ['message', error.message],
    ...(code === undefined ? [] : [['code', code] as [string, unknown]]),
  ]
}
