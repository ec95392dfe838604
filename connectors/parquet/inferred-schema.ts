import { TidemarkError } from '../../core/errors.js'
import { optionInvalid, requireChoice, requireKnownOptions } from '../../core/options.js'
import type { FileSinkFormat, FormatSample } from '../file/format.js'
import { parseSchema } from './fields.js'
import { requireRow, rowInvalid } from './misfit.js'
import type { ParquetSchema } from './schema.js'
import { schemaOfShape, type Undecided } from './schema-of-shape.js'
import { fieldOf, nothingSeen, partOf, requireValue, see, sizeAtFirstSight } from './shape.js'

export interface InferSchemaOptions {
  /**
   * How many rows a subtask looks at. Where they leave something open it looks at more, as far as its buffer goes; a
   * checkpoint fixes the schema with what was seen. Default 1000.
   */
  readonly rows?: number
  /** Columns that are known: what is declared here counts, whatever the rows have. */
  readonly columns?: ParquetSchema
  /** Of columns with nothing but nulls or empty values: `fail`, or `string`. Default `fail`. */
  readonly undecided?: Undecided
}

/** A schema that the first rows tell. Made by `inferSchema`. */
export class InferredSchema {
  readonly #rows: number
  readonly columns: ParquetSchema
  readonly undecided: Undecided

  constructor({ rows = 1000, columns = {}, undecided = 'fail' }: InferSchemaOptions) {
    this.#rows = rows
    this.columns = columns
    this.undecided = undecided
  }

  get rows(): number {
    return this.#rows
  }
}

/**
 * The schema of a sink is what its first rows have, and then fixed for its output: all subtasks, restarts and restores
 * write the same. All columns may be null. A later row that does not fit is rejected.
 * @example parquetSink({ path: 'out/events', schema: inferSchema({ columns: { fare: 'double' } }) })
 * @throws TidemarkError OPTION_INVALID
 */
export function inferSchema(options: InferSchemaOptions = {}): InferredSchema {
  requireKnownOptions('inferSchema', options, { rows: true, columns: true, undecided: true })
  const { rows = 1, columns, undecided } = options
  if (!(Number.isSafeInteger(rows) && rows > 0)) {
    throw optionInvalid('inferSchema', `rows is a whole number above 0, found ${String(rows)}`)
  }
  requireChoice('inferSchema', { name: 'undecided', value: undecided, choices: ['fail', 'string'] })
  if (columns !== undefined) parseSchema(columns)
  return new InferredSchema(options)
}

/** @param declared the format that a schema makes; `note` goes behind what is said of rows that do not fit */
export function inferredFormat(
  inferred: InferredSchema,
  declared: (schema: ParquetSchema, note?: string) => FileSinkFormat<object>,
): FileSinkFormat<object> {
  // What does not depend on the columns.
  const { load, ...common } = declared({ any: 'string' })
  return {
    ...common,
    name: 'Parquet: columns of the first rows',
    async load() {
      await load()
      return () => {
        throw optionInvalid('parquet', 'a schema that is inferred goes with fileSink, parquetSink and s3Sink alone')
      }
    },
    inference: {
      rows: inferred.rows,
      begin: () => new SchemaSample(inferred),
      fixed(agreed, place) {
        const schema = parseAgreed(agreed, place)
        requireDeclared(inferred.columns, schema, place)
        return declared(schema, `; the schema was inferred from the first rows and is fixed in ${place}`)
      },
    },
  }
}

class SchemaSample implements FormatSample<object> {
  readonly #inferred: InferredSchema
  readonly #shape = nothingSeen()
  rows = 0
  bytes = 0

  constructor(inferred: InferredSchema) {
    this.#inferred = inferred
  }

  look(row: object): TidemarkError | undefined {
    const { columns } = this.#inferred
    this.bytes += 64
    try {
      requireRow(row)
      for (const name in row) {
        if (name === '') throw rowInvalid('the row has a property without a name')
        if (!Object.hasOwn(columns, name)) requireValue(partOf(row, name), name)
      }
    } catch (thrown) {
      if (!(thrown instanceof TidemarkError)) throw thrown
      this.bytes += sizeAtFirstSight(row)
      return thrown
    }
    for (const name in row) {
      const value = partOf(row, name)
      this.bytes += Object.hasOwn(columns, name) ? sizeOfDeclared(value, name) : see(fieldOf(this.#shape, name), value)
    }
    this.rows++
    return undefined
  }

  result(): string | TidemarkError {
    const { columns, undecided } = this.#inferred
    const schema = schemaOfShape(this.#shape, { declared: columns, undecided, rows: this.rows })
    if (schema instanceof TidemarkError) return schema
    // What others will have to read.
    parseSchema(schema)
    return `${JSON.stringify({ version: 1, schema }, undefined, 2)}\n`
  }
}

/** It takes memory too, but is looked at by whoever writes it: it may be a value of no column. */
function sizeOfDeclared(value: unknown, name: string): number {
  try {
    requireValue(value, name)
  } catch (thrown) {
    if (thrown instanceof TidemarkError) return sizeAtFirstSight(value)
    throw thrown
  }
  return see(nothingSeen(), value)
}

/** @throws TidemarkError SCHEMA_CORRUPT */
function parseAgreed(text: string, place: string): ParquetSchema {
  try {
    const { version, schema } = JSON.parse(text) as { readonly version: unknown; readonly schema: ParquetSchema }
    if (version !== 1) throw new TypeError(`version ${String(version)}`)
    parseSchema(schema)
    return schema
  } catch (cause) {
    throw new TidemarkError({
      code: 'SCHEMA_CORRUPT',
      domain: 'storage',
      message:
        `${place}: expected the schema of this sink, version 1, as Tidemark wrote it, found something else; restore it, or ` +
        'declare the schema in the job',
      cause,
    })
  }
}

/** @throws TidemarkError SCHEMA_CONFLICT */
function requireDeclared(columns: ParquetSchema, schema: ParquetSchema, place: string): void {
  for (const [name, column] of Object.entries(columns)) {
    const found = Object.hasOwn(schema, name) ? schema[name] : undefined
    if (found !== undefined && stored(name, found) === stored(name, column)) continue
    throw new TidemarkError({
      code: 'SCHEMA_CONFLICT',
      domain: 'user',
      message:
        `column '${name}' is declared otherwise than the schema that is fixed in ${place} has it: its files are written that ` +
        'way. Write to another place; or declare all of the schema, which that file shows, and change it there',
    })
  }
}

/** What a column is in a file, however it was declared. */
function stored(name: string, column: ParquetSchema[string]): string {
  return JSON.stringify(
    parseSchema({ [name]: column }).map(({ elements, hasBloomFilter }) => [elements, hasBloomFilter]),
  )
}
