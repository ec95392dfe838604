import { isObject, type Json, type JsonObject } from './mapping.js'
import { matches } from './name-pattern.js'
import { indexNotFound, ServerError } from './server-error.js'

type Scope = 'persistent' | 'transient'

/** Of the settings of a cluster `action.auto_create_index`: whether a document makes its index. */
export class AutoCreate {
  readonly #given: Record<Scope, string | undefined> = { persistent: undefined, transient: undefined }

  /** The settings as the cluster says them: `undefined` where there is none. */
  said(scope: Scope): JsonObject {
    const value = this.#given[scope]
    return value === undefined ? {} : { action: { auto_create_index: value } }
  }

  /** Other settings are not kept. */
  put(body: JsonObject): void {
    for (const scope of ['persistent', 'transient'] as const) {
      const value = settingIn(body[scope])
      if (value !== undefined) this.#given[scope] = value === null ? undefined : String(value)
    }
  }

  /** @throws ServerError index_not_found_exception */
  require(index: string): void {
    const setting = this.#given.transient ?? this.#given.persistent ?? 'true'
    if (setting === 'true') return
    if (setting === 'false') throw indexNotFound(index, 'index_expression')
    for (const pattern of setting.split(',')) {
      const isForbidden = pattern.startsWith('-')
      if (!matches(isForbidden || pattern.startsWith('+') ? pattern.slice(1) : pattern, index)) continue
      if (!isForbidden) return
      throw forbidden(index, `contains [${pattern}] which forbids automatic creation of the index`)
    }
    throw forbidden(index, `([${setting}]) doesn't match`)
  }
}

function forbidden(index: string, problem: string): ServerError {
  const reason = `no such index [${index}] and [action.auto_create_index] ${problem}`
  return new ServerError(404, { type: 'index_not_found_exception', reason, index, index_uuid: '_na_' })
}

/** As one name with a dot, or as an object in another. */
function settingIn(settings: Json | undefined): Json | undefined {
  if (!isObject(settings)) return undefined
  const { action, 'action.auto_create_index': flat } = settings
  return isObject(action) ? action['auto_create_index'] : flat
}
