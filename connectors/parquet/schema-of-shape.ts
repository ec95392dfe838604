import { TidemarkError } from '../../core/errors.js'
import type { ParquetColumn, ParquetMapKey, ParquetSchema } from './schema.js'
import { KIND_NAMES, type Kind, nothingSeen, type Shape } from './shape.js'

/** What becomes of columns of which only nulls or empty values were seen. */
export type Undecided = 'fail' | 'string'

export interface SchemaOfShapeOptions {
  readonly declared: ParquetSchema
  readonly undecided: Undecided
  /** That were looked at. */
  readonly rows: number
}

/** More are no columns of a file that somebody reads. */
const MOST_COLUMNS = 2000
/** What one message names. */
const MOST_NAMED = 10

/**
 * Or SCHEMA_AMBIGUOUS, which names every column that cannot be decided.
 * @throws TidemarkError the same, where values of other rows could not help
 */
export function schemaOfShape(shape: Shape, options: SchemaOfShapeOptions): ParquetSchema | TidemarkError {
  return new Deciding(options).schema(shape)
}

interface Open {
  readonly problem: string
  /** There were no values, not values that go together badly. */
  readonly isEmpty: boolean
}

class Deciding {
  readonly #options: SchemaOfShapeOptions
  /** By column of the schema, the first thing that is open in it, and that no other values could tell. */
  readonly #open = new Map<string, Open>()
  #columns = 0
  /** The column of the schema that is being decided. */
  #current = ''

  constructor(options: SchemaOfShapeOptions) {
    this.#options = options
  }

  schema({ fields }: Shape): ParquetSchema | TidemarkError {
    const { declared, rows } = this.#options
    const found: [string, ParquetColumn][] = []
    for (const [name, shape] of fields) {
      if (Object.hasOwn(declared, name)) continue
      this.#current = name
      found.push([name, this.#column(shape, name)])
    }
    const where = `no schema can be inferred from the first ${rows === 1 ? 'row' : `${rows} rows`}`
    if (this.#open.size > 0) {
      const problem = ambiguous(`${where}: ${this.#shownOpen()}`)
      if (this.#isEmpty) return problem
      throw problem
    }
    if (this.#columns > MOST_COLUMNS) {
      throw ambiguous(`${where}: it would have ${this.#columns} columns: where keys are data use a Map, not an object`)
    }
    const schema = { ...declared, ...Object.fromEntries(found) }
    if (Object.keys(schema).length === 0) return ambiguous(`${where}: they have no properties`)
    return schema
  }

  /** All may be null: the next row may have none. */
  #column({ kinds, part, keys, fields }: Shape, path: string): ParquetColumn {
    this.#columns++
    const nullable = true
    const kind = this.#kind(kinds, path)
    switch (kind) {
      case undefined:
        return this.#undecided('only nulls', path)
      case 'whole':
      case 'bigint':
        return { type: 'int64', nullable }
      case 'fraction':
        return { type: 'double', nullable }
      case 'list':
        if (part === undefined) return { type: 'list', of: this.#undecided('only empty arrays', path), nullable }
        return { type: 'list', of: this.#column(part, `${path}[]`), nullable }
      case 'map':
        if (keys === undefined) {
          return { type: 'map', keys: 'string', values: this.#undecided('only empty Maps', path), nullable }
        }
        return {
          type: 'map',
          keys: this.#key(keys, path),
          values: this.#column(part ?? nothingSeen(), `${path}{}`),
          nullable,
        }
      case 'struct':
        // A struct has to have fields, and what has none is an empty map as well.
        if (fields.size === 0) {
          return { type: 'map', keys: 'string', values: this.#undecided('only empty objects', path), nullable }
        }
        return {
          type: 'struct',
          fields: Object.fromEntries([...fields].map(([name, one]) => [name, this.#column(one, `${path}.${name}`)])),
          nullable,
        }
      default:
        return { type: kind, nullable }
    }
  }

  /** Undefined where there was none. */
  #kind(kinds: ReadonlyMap<Kind, number>, path: string): Kind | undefined {
    const [first, second, third] = kinds.keys()
    if (second === undefined) return first
    const both = [first, second]
    if (third === undefined && both.includes('whole')) {
      if (both.includes('bigint')) return 'bigint'
      if (both.includes('fraction')) return 'fraction'
    }
    this.#name(
      `column '${path}' has ${[...kinds].map(([kind, count]) => `${KIND_NAMES[kind]} (${count})`).join(' and ')}`,
    )
    return first
  }

  #key({ kinds }: Shape, path: string): ParquetMapKey {
    const kind = this.#kind(kinds, `${path}{}.key`)
    switch (kind) {
      case 'whole':
      case 'bigint':
        return 'int64'
      case 'string':
      case 'boolean':
      case 'timestamp-ms':
        return kind
      default:
        this.#name(`column '${path}' is a Map whose keys are ${kind === undefined ? 'null' : KIND_NAMES[kind]}`)
        return 'string'
    }
  }

  #undecided(seen: string, path: string): ParquetColumn {
    if (this.#options.undecided === 'fail') this.#name(`column '${path}' has ${seen}`, true)
    return { type: 'string', nullable: true }
  }

  #name(problem: string, isEmpty = false): void {
    const known = this.#open.get(this.#current)
    if (known === undefined || (known.isEmpty && !isEmpty)) this.#open.set(this.#current, { problem, isEmpty })
  }

  #shownOpen(): string {
    const named = [...this.#open].slice(0, MOST_NAMED)
    const more = this.#open.size - named.length
    const problems = named.map(([, { problem }]) => problem).join('; ') + (more > 0 ? `; and ${more} more` : '')
    const columns = named.map(([column]) => `${JSON.stringify(column)}: ...`).join(', ')
    const other = this.#isEmpty ? ", or let it be text with inferSchema({ undecided: 'string' })" : ''
    return `${problems}. Declare what they are, inferSchema({ columns: { ${columns} } })${other}`
  }

  /** Of everything that is open. */
  get #isEmpty(): boolean {
    return [...this.#open.values()].every(({ isEmpty }) => isEmpty)
  }
}

function ambiguous(message: string): TidemarkError {
  return new TidemarkError({ code: 'SCHEMA_AMBIGUOUS', domain: 'user', message })
}
