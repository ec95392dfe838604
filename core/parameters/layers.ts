import type { ParameterSchema } from './json-schema.js'

/** Parameters as they are found: a value, or a group of them. */
export interface ParameterTree {
  readonly [name: string]: unknown
}

/** A property group as managed services write them; its properties are all text. */
interface PropertyGroup {
  readonly PropertyGroupId: string
  readonly PropertyMap: ParameterTree
}

export const ENVIRONMENT_PREFIX = 'TIDEMARK_PARAM_'

/** Names that would reach into an object's prototype. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype'])

export function isTree(value: unknown): value is ParameterTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A parameters file is an object, `{ "group": { "name": value }, "name": value }`, or a list of property groups,
 * `[{ "PropertyGroupId": "group", "PropertyMap": { "name": "value" } }]`. Undefined for anything else.
 */
export function treeOfFile(content: unknown): ParameterTree | undefined {
  if (isTree(content)) return content
  if (!Array.isArray(content) || !content.every(isPropertyGroup)) return undefined
  const groups = content.map((group): [string, unknown] => [group.PropertyGroupId, group.PropertyMap])
  return Object.fromEntries(groups.filter(([name]) => !FORBIDDEN.has(name)))
}

function isPropertyGroup(value: unknown): value is PropertyGroup {
  return isTree(value) && typeof value['PropertyGroupId'] === 'string' && isTree(value['PropertyMap'])
}

/**
 * `TIDEMARK_PARAM_SOURCE__STREAM_NAME` is `source.streamName`: two underscores part group and name, one parts words.
 * A name that the schema lists is found however it is written there; other variables are not looked at.
 */
export function treeOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): ParameterTree {
  const byVariable = new Map(known.map((name) => [variableOf(name), name]))
  const pairs: [string, string][] = []
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(ENVIRONMENT_PREFIX) || value === undefined) continue
    pairs.push([byVariable.get(variable) ?? nameOf(variable.slice(ENVIRONMENT_PREFIX.length)), value])
  }
  return treeOfPairs(pairs)
}

/** The environment variable of a parameter. */
export function variableOf(name: string): string {
  const words = name
    .replaceAll('.', '__')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
  return ENVIRONMENT_PREFIX + words.toUpperCase()
}

function nameOf(variable: string): string {
  return variable
    .split('__')
    .map((part) => part.toLowerCase().replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()))
    .join('.')
}

/** `group.name` becomes a name in a group. */
export function treeOfPairs(pairs: Iterable<readonly [string, unknown]>): ParameterTree {
  let tree: ParameterTree = {}
  for (const [path, value] of pairs) {
    const names = path.split('.')
    tree = merge(tree, names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as ParameterTree)
  }
  return tree
}

/** What `over` says counts; groups are merged name by name. */
export function merge(under: ParameterTree, over: ParameterTree): ParameterTree {
  const merged: Record<string, unknown> = { ...under }
  for (const [name, value] of Object.entries(over)) {
    if (FORBIDDEN.has(name)) continue
    const before = merged[name]
    merged[name] = isTree(before) && isTree(value) ? merge(before, value) : value
  }
  return merged
}

/**
 * Text becomes the number, boolean, list or object that the schema asks for, if it is one. Where the schema also takes
 * text, or does not say, it stays text: coercing is then up to the schema.
 */
export function coerce(value: unknown, schema: ParameterSchema | undefined): unknown {
  if (schema === undefined) return value
  if (isTree(value)) {
    const entries = Object.entries(value).map(([name, inner]) => [name, coerce(inner, schema.properties?.[name])])
    return Object.fromEntries(entries)
  }
  return typeof value === 'string' ? coerceText(value, schema) : value
}

function coerceText(text: string, { type }: ParameterSchema): unknown {
  const types = typeof type === 'string' ? [type] : (type ?? [])
  if (types.includes('string')) return text
  if ((types.includes('number') || types.includes('integer')) && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    return Number(text)
  }
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  if (types.includes('array') || types.includes('object')) return parsed(text)
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // It stays text: the schema says what is wrong with it.
    return text
  }
}
