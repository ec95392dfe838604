import { type ErrorBody, ServerError } from './server-error.js'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** A field: its type, or the fields below it. */
export interface FieldMapping {
  readonly type?: string
  readonly properties?: Mapping
  readonly format?: string
}
export type Mapping = Readonly<Record<string, FieldMapping>>

const WHOLE: Readonly<Record<string, readonly [bigint, bigint, string]>> = {
  long: [-(2n ** 63n), 2n ** 63n - 1n, 'long'],
  integer: [-(2n ** 31n), 2n ** 31n - 1n, 'int'],
}
export const FIELD_TYPES = [
  'long',
  'integer',
  'double',
  'float',
  'boolean',
  'date',
  'keyword',
  'text',
  'geo_point',
  'geo_shape',
]

const GEOHASH = /^[0-9b-hjkmnp-z]+$/

/**
 * Checks a document against a mapping and extends it by what the document has besides (dynamic mapping).
 * @throws ServerError mapper_parsing_exception, strict_dynamic_mapping_exception
 */
export function mapDocument(mapping: Mapping, document: JsonObject, id: string, dynamic: string): Mapping {
  const mapped: Record<string, FieldMapping> = { ...mapping }
  for (const [name, value] of Object.entries(document)) {
    const known = mapping[name]
    if (known === undefined && dynamic === 'strict') {
      const reason = `mapping set to strict, dynamic introduction of [${name}] within [_doc] is not allowed`
      throw new ServerError(400, { type: 'strict_dynamic_mapping_exception', reason })
    }
    if (value === null) continue
    const field = known ?? dynamicMapping(value)
    if (field === undefined) continue
    mapped[name] =
      field.properties && isObject(value) ? { properties: mapDocument(field.properties, value, id, dynamic) } : field
    if (field.type !== undefined) checkField(name, field.type, value, id)
  }
  return mapped
}

function dynamicMapping(value: Json): FieldMapping | undefined {
  if (typeof value === 'boolean') return { type: 'boolean' }
  if (typeof value === 'number') return { type: Number.isInteger(value) ? 'long' : 'float' }
  if (typeof value === 'string') return { type: /^\d{4}-\d\d-\d\d(T|$)/.test(value) ? 'date' : 'text' }
  if (Array.isArray(value)) return value.length > 0 ? dynamicMapping(value[0]) : undefined
  return { properties: {} }
}

function checkField(name: string, type: string, value: Json, id: string): void {
  const values = Array.isArray(value) && type !== 'geo_point' ? value : [value]
  for (const one of values) {
    if (one === null) continue
    const cause = problemOf(type, one, name)
    if (cause === undefined) continue
    const isGeo = type.startsWith('geo_')
    const preview = typeof one === 'object' ? javaText(one) : String(one)
    const reason = `failed to parse field [${name}] of type [${type}]${isGeo ? '' : ` in document with id '${id}'. Preview of field's value: '${preview}'`}`
    throw new ServerError(400, { type: 'mapper_parsing_exception', reason, caused_by: cause })
  }
}

function problemOf(type: string, value: Json, name: string): ErrorBody | undefined {
  switch (type) {
    case 'long':
    case 'integer':
      return wholeProblem(type, value)
    case 'double':
    case 'float':
      return floatProblem(type, value)
    case 'boolean':
      if (typeof value === 'boolean' || value === 'true' || value === 'false' || value === '') return undefined
      return argument(`Failed to parse value [${javaText(value)}] as only [true] or [false] are allowed.`)
    case 'date':
      return dateProblem(value)
    case 'keyword':
    case 'text':
      if (typeof value !== 'object') return undefined
      return { type: 'illegal_state_exception', reason: "Can't get text on a START_OBJECT at 1:6" }
    case 'geo_point':
      return pointProblem(value, name)
    default:
      return undefined
  }
}

function wholeProblem(type: string, value: Json): ErrorBody | undefined {
  const [least, most, javaType] = WHOLE[type]!
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || Number.isNaN(number)) return argument(`For input string: "${javaText(value)}"`)
  const whole = BigInt(Math.trunc(number))
  if (whole >= least && whole <= most) return undefined
  const reason = `Numeric value (${number}) out of range of ${javaType} (${least} - ${most})`
  return { type: 'input_coercion_exception', reason }
}

function floatProblem(type: string, value: Json): ErrorBody | undefined {
  if (value === 'NaN') return argument(`[${type}] supports only finite values, but got [NaN]`)
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number)) return undefined
  return { type: 'number_format_exception', reason: `For input string: "${javaText(value)}"` }
}

function dateProblem(value: Json): ErrorBody | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return undefined
  if (typeof value === 'string' && /^(-?\d+|\d{4}(-\d\d(-\d\d(T\S*)?)?)?)$/.test(value)) return undefined
  return {
    ...argument(
      `failed to parse date field [${javaText(value)}] with format [strict_date_optional_time||epoch_millis]`,
    ),
    caused_by: { type: 'date_time_parse_exception', reason: 'Failed to parse with all enclosed parsers' },
  }
}

function pointProblem(value: Json, name: string): ErrorBody | undefined {
  const point = pointOf(value)
  if (point === undefined) {
    const symbol = typeof value === 'string' ? [...value].find((letter) => !GEOHASH.test(letter)) : undefined
    const cause = argument(`unsupported symbol [${symbol}] in geohash [${javaText(value)}]`)
    return symbol === undefined
      ? { type: 'parse_exception', reason: 'geo_point expected' }
      : { type: 'parse_exception', reason: cause.reason, caused_by: cause }
  }
  if (Math.abs(point.lat) > 90) return argument(`illegal latitude value [${javaNumber(point.lat)}] for ${name}`)
  if (Math.abs(point.lon) > 180) return argument(`illegal longitude value [${javaNumber(point.lon)}] for ${name}`)
  return undefined
}

export interface Point {
  readonly lat: number
  readonly lon: number
}

/** Of a geohash its middle; undefined: none of the forms that this server knows. */
export function pointOf(value: Json | undefined): Point | undefined {
  if (typeof value === 'string') {
    const pair = /^\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*$/.exec(value)
    if (pair) return { lat: Number(pair[1]), lon: Number(pair[2]) }
    return GEOHASH.test(value) ? centreOf(value) : undefined
  }
  if (Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'number') {
    return { lon: value[0], lat: value[1] }
  }
  if (!isObject(value) || typeof value['lat'] !== 'number' || typeof value['lon'] !== 'number') return undefined
  return { lat: value['lat'], lon: value['lon'] }
}

function centreOf(geohash: string): Point {
  const range = { lat: [-90, 90] as [number, number], lon: [-180, 180] as [number, number] }
  let isLongitude = true
  for (const letter of geohash) {
    const digit = '0123456789bcdefghjkmnpqrstuvwxyz'.indexOf(letter)
    for (let bit = 4; bit >= 0; bit--) {
      const half = isLongitude ? range.lon : range.lat
      const middle = (half[0] + half[1]) / 2
      half[(digit >> bit) & 1 ? 0 : 1] = middle
      isLongitude = !isLongitude
    }
  }
  return { lat: (range.lat[0] + range.lat[1]) / 2, lon: (range.lon[0] + range.lon[1]) / 2 }
}

function argument(reason: string): ErrorBody {
  return { type: 'illegal_argument_exception', reason }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As Java prints a map. */
function javaText(value: Json): string {
  if (!isObject(value)) return String(value)
  return `{${Object.entries(value)
    .map(([name, one]) => `${name}=${javaText(one)}`)
    .join(', ')}}`
}

function javaNumber(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
