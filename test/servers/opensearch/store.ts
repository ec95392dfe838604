import { AutoCreate } from './auto-create.js'
import { FIELD_TYPES, type JsonObject, type Mapping, mapDocument } from './mapping.js'
import { matches } from './name-pattern.js'
import { Pipelines } from './pipelines.js'
import { illegalArgument, indexNotFound, routingMissing, ServerError, versionConflict } from './server-error.js'

/** Undefined `source`: it was deleted, and its version is remembered. */
interface Stored {
  readonly version: bigint
  readonly sequence: number
  readonly routing: string | undefined
  readonly source: JsonObject | undefined
}

export interface FoundDocument {
  readonly id: string
  readonly version: bigint
  readonly sequence: number
  readonly routing: string | undefined
  readonly source: JsonObject
}

export interface Write {
  readonly id: string
  readonly source: JsonObject | undefined
  readonly routing?: string | undefined
  /** External; absent: one more than the last. */
  readonly version?: bigint | undefined
  readonly isCreate?: boolean
}

export interface Mappings {
  readonly properties?: Mapping
  readonly dynamic?: string
  readonly _routing?: { readonly required?: boolean }
}

export interface Written {
  readonly version: bigint
  readonly sequence: number
  readonly result: 'created' | 'updated' | 'deleted' | 'not_found' | 'noop'
}

/** One index of one shard: documents, versions and a mapping. */
export class Index {
  readonly name: string
  readonly uuid: string
  #mapping: Mapping
  readonly #dynamic: string
  readonly #needsRouting: boolean
  readonly #documents = new Map<string, Stored>()
  #sequence = 0
  #searched: readonly FoundDocument[] = []

  constructor(name: string, uuid: string, mappings: Mappings = {}) {
    this.name = name
    this.uuid = uuid
    this.#mapping = mappings.properties ?? {}
    this.#dynamic = String(mappings.dynamic ?? 'true')
    this.#needsRouting = mappings._routing?.required === true
  }

  get mapping(): Mapping {
    return this.#mapping
  }

  get(id: string): FoundDocument | undefined {
    const { source, ...rest } = this.#documents.get(id) ?? {}
    return source === undefined ? undefined : { id, ...(rest as Omit<Stored, 'source'>), source }
  }

  /** @throws ServerError routing_missing_exception */
  requireRouting(id: string, routing: string | undefined): void {
    if (this.#needsRouting && routing === undefined) throw routingMissing(this.name, id)
  }

  /** As of the last refresh, by id. */
  searched(): readonly FoundDocument[] {
    return this.#searched
  }

  refresh(): void {
    const all = [...this.#documents.keys()].flatMap((id) => this.get(id) ?? [])
    this.#searched = all.sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** @throws ServerError version_conflict_engine_exception, mapper_parsing_exception */
  write({ id, source, routing, version, isCreate = false }: Write): Written {
    const before = this.#documents.get(id)
    if (source !== undefined) this.#mapping = mapDocument(this.#mapping, source, id, this.#dynamic)
    if (isCreate && before?.source !== undefined) {
      const problem = `document already exists (current version [${before.version}])`
      throw versionConflict(id, problem, this.name, this.uuid)
    }
    if (version !== undefined && before !== undefined && before.version >= version) {
      const problem = `current version [${before.version}] is higher or equal to the one provided [${version}]`
      throw versionConflict(id, problem, this.name, this.uuid)
    }
    const written = { version: version ?? (before?.version ?? 0n) + 1n, sequence: this.#sequence++, routing }
    this.#documents.set(id, { ...written, source })
    const existed = before?.source !== undefined
    if (source === undefined) return { ...written, result: existed ? 'deleted' : 'not_found' }
    return { ...written, result: existed ? 'updated' : 'created' }
  }
}

interface Template {
  readonly patterns: readonly string[]
  readonly priority: number
  readonly body: JsonObject
}

export class IndexStore {
  readonly #indices = new Map<string, Index>()
  readonly #templates = new Map<string, Template>()
  readonly pipelines = new Pipelines()
  readonly autoCreate = new AutoCreate()
  readonly #nonce: () => string

  constructor(nonce: () => string) {
    this.#nonce = nonce
  }

  get(name: string): Index | undefined {
    return this.#indices.get(name)
  }

  /** @param resourceType the word that the operation uses */
  require(name: string, resourceType: string): Index {
    const index = this.#indices.get(name)
    if (index === undefined) throw indexNotFound(name, resourceType)
    return index
  }

  /** Of a name with `*`, several. */
  matching(pattern: string): readonly Index[] {
    return [...this.#indices.values()].filter(({ name }) => matches(pattern, name))
  }

  /**
   * Made by the first document, with the template that fits.
   * @throws ServerError invalid_index_name_exception, index_not_found_exception where documents make none
   */
  forWriting(name: string): Index {
    const known = this.#indices.get(name)
    if (known) return known
    this.autoCreate.require(name)
    const fitting = [...this.#templates.values()].filter(({ patterns }) => patterns.some((one) => matches(one, name)))
    fitting.sort((a, b) => b.priority - a.priority)
    const template = fitting[0]?.body['template'] as { mappings?: Mappings } | undefined
    return this.create(name, template?.mappings)
  }

  create(name: string, mappings: Mappings | undefined): Index {
    if (name !== name.toLowerCase()) throw invalidName(name, 'must be lowercase')
    if (this.#indices.has(name)) {
      const reason = `index [${name}/${this.#indices.get(name)?.uuid}] already exists`
      throw new ServerError(400, { type: 'resource_already_exists_exception', reason, index: name })
    }
    const index = new Index(name, this.#nonce(), mappings)
    this.#indices.set(name, index)
    return index
  }

  delete(name: string): void {
    this.require(name, 'index_or_alias')
    this.#indices.delete(name)
  }

  template(name: string): JsonObject | undefined {
    return this.#templates.get(name)?.body
  }

  putTemplate(name: string, body: JsonObject): void {
    const patterns = body['index_patterns'] as readonly string[]
    const priority = Number(body['priority'] ?? 0)
    for (const [other, template] of this.#templates) {
      if (other === name || template.priority !== priority) continue
      if (!patterns.some((pattern) => template.patterns.includes(pattern))) continue
      throw illegalArgument(
        `index template [${name}] has index patterns [${patterns.join(', ')}] matching patterns from existing templates ` +
          `[${other}] with patterns (${other} => [${template.patterns.join(', ')}]) that have the same priority ` +
          `[${priority}], multiple index templates may not match during index creation, please use a different priority`,
      )
    }
    requireTypes(name, body)
    this.#templates.set(name, { patterns, priority, body })
  }
}

function requireTypes(template: string, body: JsonObject): void {
  const { mappings } = (body['template'] ?? {}) as { mappings?: { properties?: Mapping } }
  for (const [field, { type }] of Object.entries(mappings?.properties ?? {})) {
    if (type === undefined || FIELD_TYPES.includes(type)) continue
    const reason = `No handler for type [${type}] declared on field [${field}]`
    const parsing = { type: 'mapper_parsing_exception' }
    throw new ServerError(400, {
      type: 'illegal_argument_exception',
      reason: `composable template [${template}] template after composition is invalid`,
      caused_by: {
        type: 'illegal_argument_exception',
        reason: `invalid composite mappings for [${template}]`,
        caused_by: {
          ...parsing,
          reason: `Failed to parse mapping [_doc]: ${reason}`,
          caused_by: { ...parsing, reason },
        },
      },
    })
  }
}

function invalidName(index: string, problem: string): ServerError {
  const reason = `Invalid index name [${index}], ${problem}`
  return new ServerError(400, { type: 'invalid_index_name_exception', reason, index, index_uuid: '_na_' })
}
