/** What of `GET _cluster/settings` is asked for: the later scopes stand behind the earlier ones. */
const SCOPES = ['transient', 'persistent', 'defaults'] as const

export const AUTO_CREATE_QUERY = { include_defaults: 'true', filter_path: '*.action.auto_create_index' } as const

interface ScopeSettings {
  readonly action?: { readonly auto_create_index?: unknown }
}

/** The cluster's setting `action.auto_create_index`; undefined: the answer does not have it. */
export function autoCreateIn(answer: unknown): string | undefined {
  // As OpenSearch answers; what is missing is looked for.
  const settings = (typeof answer === 'object' && answer !== null ? answer : {}) as Partial<
    Record<(typeof SCOPES)[number], ScopeSettings>
  >
  for (const scope of SCOPES) {
    const value = settings[scope]?.action?.auto_create_index
    if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  }
  return undefined
}

/** `true`, `false`, or patterns with `*` of which the first that fits decides: `-` forbids. What fits none is not made. */
export function makesIndex(setting: string, index: string): boolean {
  if (setting === 'true' || setting === 'false') return setting === 'true'
  for (const given of setting.split(',')) {
    const pattern = given.trim()
    const isForbidden = pattern.startsWith('-')
    if (fits(isForbidden || pattern.startsWith('+') ? pattern.slice(1) : pattern, index)) return !isForbidden
  }
  return false
}

function fits(pattern: string, index: string): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('.*')}$`).test(index)
}
