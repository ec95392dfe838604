import type { SchemaElement } from 'hyparquet'
import { optionInvalid, requireKnownOptions } from '../../core/options.js'
import { MOST_DIGITS } from './decimal.js'
import { isFields, Misfit, within } from './misfit.js'
import { Parts, type Stored } from './parts.js'
import { decimalScalar, SCALARS, type Scalar } from './scalars.js'
import type {
  ParquetColumn,
  ParquetDecimal,
  ParquetList,
  ParquetMap,
  ParquetMapKey,
  ParquetScalar,
  ParquetScalarColumn,
  ParquetSchema,
  ParquetStruct,
} from './schema.js'

/** A column, or a part of one, as it is stored. */
export interface Field {
  readonly name: string
  /** Of the file's schema, in its order. */
  readonly elements: readonly SchemaElement[]
  /** Columns of the file that it becomes: a struct is none itself. */
  readonly leaves: number
  readonly hasBloomFilter: boolean
  /** Whether floats are in it, which have a zero below zero. */
  readonly hasFloats: boolean
  /** Whether each value is a text, or nothing. */
  readonly isText: boolean
  /** Of a value in the file, about; undefined where it depends on the value. */
  readonly bytes: number | undefined
  /** The value as the writer wants it. @throws Misfit */
  convert(value: unknown): Stored
}

const KEYS: Readonly<Record<ParquetMapKey, true>> = {
  string: true,
  int32: true,
  int64: true,
  boolean: true,
  date: true,
  'timestamp-ms': true,
  'timestamp-us': true,
}
/** Not `binary`: in a filter of bytes DuckDB 1.5 looks for their text, and misses rows. */
const FILTERABLE: readonly unknown[] = ['string', 'int32', 'int64']
/** Beyond any schema that somebody wrote. */
const DEEPEST = 32

/** @throws TidemarkError OPTION_INVALID */
export function parseSchema(schema: ParquetSchema): readonly Field[] {
  return parseFields(schema, '', 1)
}

function parseFields(schema: ParquetSchema, parent: string, depth: number): readonly Field[] {
  const what = parent === '' ? 'the schema' : `column '${parent}'`
  if (typeof schema !== 'object' || schema === null) throw invalid(`${what} is an object of columns`)
  if (depth > DEEPEST) throw invalid(`${what} is nested more than ${DEEPEST} times`)
  const columns = Object.entries(schema)
  if (columns.length === 0) throw invalid(`${what} names no column`)
  return columns.map(([name, column]) => {
    if (name === '') throw invalid(`${what} has a column without a name`)
    return parseField(name, column, { path: `${parent}${parent && '.'}${name}`, depth })
  })
}

interface Place {
  /** For messages. */
  readonly path: string
  readonly depth: number
}

function parseField(name: string, column: ParquetColumn, place: Place): Field {
  const declared = typeof column === 'string' ? { type: column } : column
  const { path } = place
  const type = declared?.type as string | undefined
  switch (declared?.type) {
    case 'decimal':
      return decimalField(name, declared, path)
    case 'list':
      return listField(name, declared, place)
    case 'struct':
      return structField(name, declared, place)
    case 'map':
      return mapField(name, declared, place)
    default: {
      if (type !== undefined && Object.hasOwn(SCALARS, type))
        return scalarField(name, declared as ParquetScalarColumn, place)
      const choices = [...Object.keys(SCALARS), 'decimal', 'list', 'struct', 'map']
      throw invalid(`column '${path}' has type '${String(type)}': choose one of ${choices.join(', ')}`)
    }
  }
}

function scalarField(name: string, column: ParquetScalarColumn, { path, depth }: Place): Field {
  requireKnownOptions(`parquet: column '${path}'`, column, { type: true, nullable: true, bloomFilter: true })
  const { type, bloomFilter = false } = column
  if (bloomFilter && !(FILTERABLE.includes(type) && depth === 1)) {
    throw invalid(
      `column '${path}': a bloom filter is of a column of type ${FILTERABLE.join(', ')} that is not in another`,
    )
  }
  return leaf(name, SCALARS[type], { ...flags(column, path), bloomFilter, type })
}

function decimalField(name: string, column: ParquetDecimal, path: string): Field {
  requireKnownOptions(`parquet: column '${path}'`, column, { type: true, nullable: true, precision: true, scale: true })
  const { precision, scale = 0 } = column
  if (!(Number.isInteger(precision) && precision >= 1 && precision <= MOST_DIGITS)) {
    throw invalid(`column '${path}': precision is a whole number from 1 to ${MOST_DIGITS}, found ${String(precision)}`)
  }
  if (!(Number.isInteger(scale) && scale >= 0 && scale <= precision)) {
    throw invalid(
      `column '${path}': scale is a whole number from 0 to precision (${precision}), found ${String(scale)}`,
    )
  }
  return leaf(name, decimalScalar({ precision, scale }), flags(column, path))
}

interface LeafOptions {
  readonly nullable: boolean
  readonly bloomFilter?: boolean
  readonly type?: ParquetScalar
}

function leaf(name: string, scalar: Scalar, { nullable, bloomFilter = false, type }: LeafOptions): Field {
  const { element, bytes, expected, convert } = scalar
  return {
    name,
    elements: [{ name, ...element, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' }],
    leaves: 1,
    hasBloomFilter: bloomFilter,
    hasFloats: type === 'float' || type === 'double',
    isText: type === 'string',
    bytes,
    convert(value) {
      const stored = convert(value)
      if (stored !== undefined) return stored
      if (value === null || value === undefined) return nothing(nullable, expected, value)
      throw new Misfit(expected, value)
    },
  }
}

function listField(name: string, column: ParquetList, place: Place): Field {
  requireKnownOptions(`parquet: column '${place.path}'`, column, { type: true, nullable: true, of: true })
  const { nullable } = flags(column, place.path)
  const element = parseField('element', column.of, inside(place, `${place.path}[]`))
  return {
    name,
    elements: [
      group(name, { nullable, children: 1, converted: 'LIST' }),
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...element.elements,
    ],
    leaves: element.leaves,
    hasBloomFilter: false,
    hasFloats: element.hasFloats,
    isText: false,
    bytes: undefined,
    convert(value) {
      if (value === null || value === undefined) return nothing(nullable, 'an array', value)
      if (!Array.isArray(value)) throw new Misfit('an array', value)
      // Holes too: they are undefined.
      return Array.from(value, (one: unknown, index) => within(`[${index}]`, () => element.convert(one)))
    },
  }
}

function structField(name: string, column: ParquetStruct, place: Place): Field {
  requireKnownOptions(`parquet: column '${place.path}'`, column, { type: true, nullable: true, fields: true })
  const { nullable } = flags(column, place.path)
  const fields = parseFields(column.fields, place.path, place.depth + 1)
  const parts = new Parts(fields)
  return {
    name,
    elements: [group(name, { nullable, children: fields.length }), ...fields.flatMap(({ elements }) => elements)],
    leaves: fields.reduce((sum, { leaves }) => sum + leaves, 0),
    hasBloomFilter: false,
    hasFloats: fields.some(({ hasFloats }) => hasFloats),
    isText: false,
    bytes: undefined,
    convert(value) {
      if (value === null || value === undefined) return nothing(nullable, 'an object', value)
      if (!isFields(value)) throw new Misfit('an object', value)
      parts.requireKnown(value)
      // No prototype: a field may have any name.
      const stored = Object.create(null) as Record<string, Stored>
      for (const field of fields) {
        stored[field.name] = within(`.${field.name}`, () => field.convert(parts.read(value, field.name)))
      }
      return stored
    },
  }
}

function mapField(name: string, column: ParquetMap, place: Place): Field {
  requireKnownOptions(`parquet: column '${place.path}'`, column, {
    type: true,
    nullable: true,
    keys: true,
    values: true,
  })
  const { nullable } = flags(column, place.path)
  if (!Object.hasOwn(KEYS, column.keys)) {
    throw invalid(
      `column '${place.path}': keys are one of ${Object.keys(KEYS).join(', ')}, found ${String(column.keys)}`,
    )
  }
  const key = leaf('key', SCALARS[column.keys], { nullable: false })
  const entry = parseField('value', column.values, inside(place, `${place.path}{}`))
  const expected = column.keys === 'string' ? 'a Map or an object' : 'a Map'
  return {
    name,
    elements: [
      group(name, { nullable, children: 1, converted: 'MAP' }),
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      ...key.elements,
      ...entry.elements,
    ],
    leaves: 1 + entry.leaves,
    hasBloomFilter: false,
    hasFloats: entry.hasFloats,
    isText: false,
    bytes: undefined,
    convert(value) {
      if (value === null || value === undefined) return nothing(nullable, expected, value)
      const entries =
        value instanceof Map ? value : column.keys === 'string' && isFields(value) ? Object.entries(value) : undefined
      if (entries === undefined) throw new Misfit(expected, value)
      const seen = new Set<Stored>()
      return Array.from(entries as Iterable<readonly [unknown, unknown]>, ([from, to], index) => {
        const stored = within(`{${index}}.key`, () => key.convert(from))
        // 1 and 1n are two keys of a Map.
        if (seen.has(stored)) throw new Misfit('keys that differ', value)
        seen.add(stored)
        return { key: stored, value: within(`{${index}}.value`, () => entry.convert(to)) }
      })
    },
  }
}

function nothing(nullable: boolean, expected: string, value: unknown): null {
  if (nullable) return null
  throw new Misfit(`${expected} (it is not nullable)`, value)
}

function inside({ depth }: Place, path: string): Place {
  if (depth > DEEPEST) throw invalid(`column '${path}' is nested more than ${DEEPEST} times`)
  return { path, depth: depth + 1 }
}

interface Group {
  readonly nullable: boolean
  readonly children: number
  readonly converted?: 'LIST' | 'MAP'
}

function group(name: string, { nullable, children, converted }: Group): SchemaElement {
  return {
    name,
    repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
    num_children: children,
    ...(converted && { converted_type: converted }),
  }
}

function flags({ nullable = false }: { readonly nullable?: boolean }, path: string): { readonly nullable: boolean } {
  if (typeof nullable !== 'boolean')
    throw invalid(`column '${path}': nullable is true or false, found ${String(nullable)}`)
  return { nullable }
}

function invalid(message: string) {
  return optionInvalid('parquet sink', message)
}
