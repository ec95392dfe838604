import { TidemarkError } from '../../../core/errors.js'

/** What Hive, Spark, Athena and DuckDB read as no value. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__'

/** What Hive escapes in names of partitions, and the space, which URLs and shells stumble over. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to be escaped
const UNSAFE = /[\x00-\x20"#%'*/:=?\\\x7f{}[\]^]/g

/**
 * The value of a partition key as part of a path. What could be taken for another folder, or for a hidden one, is
 * written as `%` and two digits, as Hive does it.
 * @throws TidemarkError PARTITION_INVALID
 */
export function pathText(name: string, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value === '' ? NO_VALUE : escaped(value)
    case 'number':
      if (!Number.isFinite(value)) break
      return escaped(String(value))
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      if (value === null) return NO_VALUE
  }
  throw partitionInvalid(
    `partition key '${name}': expected text, a finite number, a bigint, a boolean or null, found ` +
      (typeof value === 'number' ? String(value) : typeof value),
  )
}

export function partitionInvalid(message: string): TidemarkError {
  return new TidemarkError({ code: 'PARTITION_INVALID', domain: 'user', message })
}

function escaped(text: string): string {
  const safe = text.replace(UNSAFE, percent)
  return /^[._]/.test(safe) ? percent(safe.slice(0, 1)) + safe.slice(1) : safe
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
