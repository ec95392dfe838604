import { isObject, type Json, type JsonObject } from './mapping.js'
import { illegalArgument, ServerError } from './server-error.js'

/** What a processor makes of a document. Undefined: it is dropped. */
type Processor = (settings: JsonObject, document: JsonObject) => JsonObject | undefined

const PROCESSORS: Readonly<Record<string, Processor>> = {
  set: ({ field, value }, document) => ({ ...document, [String(field)]: value ?? null }),
  drop: () => undefined,
  fail({ message }) {
    throw new ServerError(500, { type: 'fail_processor_exception', reason: String(message) })
  },
}

/** Ingest pipelines: of their processors `set` of a plain field, `drop` and `fail`, without conditions and templates. */
export class Pipelines {
  readonly #pipelines = new Map<string, JsonObject>()

  get(name: string): JsonObject | undefined {
    return this.#pipelines.get(name)
  }

  /** @throws ServerError parse_exception */
  put(name: string, body: JsonObject): void {
    const { processors } = body
    if (!Array.isArray(processors)) {
      const reason = '[processors] required property is missing'
      throw new ServerError(400, { type: 'parse_exception', reason, property_name: 'processors' })
    }
    for (const processor of processors) {
      const [type] = typed(processor)
      if (Object.hasOwn(PROCESSORS, type)) continue
      const reason = `No processor type exists with name [${type}]`
      throw new ServerError(400, { type: 'parse_exception', reason, processor_type: type })
    }
    this.#pipelines.set(name, body)
  }

  /** @throws ServerError resource_not_found_exception */
  delete(name: string): void {
    if (this.#pipelines.delete(name)) return
    throw new ServerError(404, { type: 'resource_not_found_exception', reason: `pipeline [${name}] is missing` })
  }

  /** @throws ServerError for a pipeline that there is not, and for what its processors refuse */
  run(name: string, document: JsonObject): JsonObject | undefined {
    const processors = this.#pipelines.get(name)?.['processors']
    if (!Array.isArray(processors)) throw illegalArgument(`pipeline with id [${name}] does not exist`)
    let found: JsonObject | undefined = document
    for (const processor of processors) {
      const [type, settings] = typed(processor)
      // `put` has seen to it that there is one.
      found = found && PROCESSORS[type]!(settings, found)
    }
    return found
  }
}

function typed(processor: Json): readonly [string, JsonObject] {
  const [type = '', settings = {}] = Object.entries(isObject(processor) ? processor : {})[0] ?? []
  return [type, isObject(settings) ? settings : {}]
}
