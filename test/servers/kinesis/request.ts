import { AwsError } from './aws-error.js'

export type JsonObject = Readonly<Record<string, unknown>>

export interface StringRule {
  readonly min?: number
  readonly max?: number
  readonly pattern?: RegExp
  readonly oneOf?: readonly string[]
}

export interface IntegerRule {
  readonly min: number
  readonly max: number
}

export const NAME_RULE: StringRule = { min: 1, max: 128, pattern: /^[a-zA-Z0-9_.-]+$/ }
export const CONSUMER_ARN_RULE: StringRule = {
  min: 1,
  max: 2048,
  pattern: /^arn:aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+$/,
}
export const ARN_RULE: StringRule = { min: 1, max: 2048, pattern: /^arn:aws.*:kinesis:.*:\d{12}:.*stream\/\S+$/ }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A field of the wrong JSON type is a SerializationException; a value outside its rule is a ValidationException. */
export function optionalString(
  request: JsonObject,
  field: string,
  rule: StringRule = {},
  parent = '',
): string | undefined {
  const value = request[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw wrongType(parent + memberName(field), 'a string', value)
  const broken = brokenStringRule(value, rule)
  if (broken !== undefined) throw violation(value, parent + memberName(field), broken)
  return value
}

export function requiredString(request: JsonObject, field: string, rule: StringRule = {}, parent = ''): string {
  const value = optionalString(request, field, rule, parent)
  if (value === undefined) throw violation(null, parent + memberName(field), 'Member must not be null')
  return value
}

export function optionalInteger(request: JsonObject, field: string, rule: IntegerRule): number | undefined {
  const value = request[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') throw wrongType(memberName(field), 'an integer', value)
  const integer = Math.trunc(value)
  if (integer < rule.min) {
    throw violation(value, memberName(field), `Member must have value greater than or equal to ${rule.min}`)
  }
  if (integer > rule.max) {
    throw violation(value, memberName(field), `Member must have value less than or equal to ${rule.max}`)
  }
  return integer
}

export function optionalBoolean(request: JsonObject, field: string): boolean | undefined {
  const value = request[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw wrongType(memberName(field), 'a boolean', value)
  return value
}

export function requiredObject(request: JsonObject, field: string): JsonObject {
  const value = optionalObject(request, field)
  if (value === undefined) throw violation(null, memberName(field), 'Member must not be null')
  return value
}

export function requiredInteger(request: JsonObject, field: string, rule: IntegerRule): number {
  const value = optionalInteger(request, field, rule)
  if (value === undefined) throw violation(null, memberName(field), 'Member must not be null')
  return value
}

/** AWS sends times as seconds with a fraction; the result is in whole epoch milliseconds. */
export function optionalTimestampMs(request: JsonObject, field: string): number | undefined {
  const value = request[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') throw wrongType(memberName(field), 'a number of seconds', value)
  return Math.round(value * 1000)
}

export function optionalObject(request: JsonObject, field: string): JsonObject | undefined {
  const value = request[field]
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) throw wrongType(memberName(field), 'a structure', value)
  return value
}

export function requiredList(request: JsonObject, field: string, rule: IntegerRule): readonly unknown[] {
  const value = request[field]
  if (value === undefined || value === null) throw violation(null, memberName(field), 'Member must not be null')
  if (!Array.isArray(value)) throw wrongType(memberName(field), 'a list', value)
  if (value.length < rule.min || value.length > rule.max) {
    const bound = value.length < rule.min ? `greater than or equal to ${rule.min}` : `less than or equal to ${rule.max}`
    throw violation(`[${value.length} members]`, memberName(field), `Member must have length ${bound}`)
  }
  return value
}

export function requiredBlob(request: JsonObject, field: string, maxBytes: number, parent = ''): Buffer {
  const value = request[field]
  if (value === undefined || value === null) {
    throw violation(null, parent + memberName(field), 'Member must not be null')
  }
  if (typeof value !== 'string') throw wrongType(parent + memberName(field), 'a base64 string', value)
  const blob = Buffer.from(value, 'base64')
  if (!isStrictBase64(value, blob.length)) {
    throw new AwsError('SerializationException', `${parent + memberName(field)} is not valid base64`)
  }
  if (blob.length > maxBytes) {
    const shown = `java.nio.HeapByteBuffer[pos=0 lim=${blob.length} cap=${blob.length}]`
    throw violation(shown, parent + memberName(field), `Member must have length less than or equal to ${maxBytes}`)
  }
  return blob
}

export function violation(value: string | number | null, member: string, constraint: string): AwsError {
  const text = String(value)
  const shown = value === null ? 'null' : `'${text.length > 300 ? `${text.slice(0, 300)}...` : text}'`
  const message = `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${constraint}`
  return new AwsError('ValidationException', message)
}

/** Node's decoder skips what it does not know, so a shorter result gives strays away; it also takes the URL alphabet. */
function isStrictBase64(text: string, decodedLength: number): boolean {
  if (text.length % 4 !== 0) return false
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return decodedLength === (text.length / 4) * 3 - padding && !text.includes('-') && !text.includes('_')
}

function brokenStringRule(value: string, rule: StringRule): string | undefined {
  if (rule.min !== undefined && value.length < rule.min) {
    return `Member must have length greater than or equal to ${rule.min}`
  }
  if (rule.max !== undefined && value.length > rule.max && codePoints(value) > rule.max) {
    return `Member must have length less than or equal to ${rule.max}`
  }
  if (rule.pattern !== undefined && !rule.pattern.test(value)) {
    return `Member must satisfy regular expression pattern: ${rule.pattern.source}`
  }
  if (rule.oneOf !== undefined && !rule.oneOf.includes(value)) {
    return `Member must satisfy enum value set: [${rule.oneOf.join(', ')}]`
  }
  return undefined
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

function wrongType(member: string, expected: string, found: unknown): AwsError {
  const kind = Array.isArray(found) ? 'a list' : typeof found === 'object' ? 'a structure' : `a ${typeof found}`
  return new AwsError('SerializationException', `${member}: expected ${expected}, found ${kind}`)
}

/** AWS names members in its messages with a small first letter. */
function memberName(field: string): string {
  return field.charAt(0).toLowerCase() + field.slice(1)
}
