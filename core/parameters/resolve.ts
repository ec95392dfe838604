import type { StandardSchemaV1 } from '@standard-schema/spec'
import { TidemarkError } from '../errors.js'
import { type ParameterSchema, parameterNames, parameterSchemaOf, takesAnyName } from './json-schema.js'
import { coerce, isTree, merge, type ParameterTree, treeOfEnvironment, treeOfFile, treeOfPairs } from './layers.js'
import { didYouMean, nearestOf } from './suggest.js'

/** Where parameters come from: each layer overrides those above it, name by name. */
export interface ParameterLayers<P> {
  /** The job's. Undefined: it takes no parameters. */
  readonly schema: StandardSchemaV1<unknown, P> | undefined
  readonly defaults?: ParameterTree
  /** The content of the parameters file, parsed: an object of names and groups, or a list of property groups. */
  readonly file?: unknown
  /** All of the process's: only `TIDEMARK_PARAM_*` count. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** `--param name=value` and `--param group.name=value`, in order: the last one counts. */
  readonly commandLine?: readonly (readonly [name: string, value: string])[]
}

/**
 * Merges the layers and validates the result. Text from any layer becomes a number, boolean, list or object where the
 * schema asks for nothing else; where the schema cannot say what it wants, text stays text (use its coercion).
 * @throws TidemarkError PARAMETERS_INVALID with everything that is unknown, missing or wrong, at once.
 */
export async function resolveParameters<P>(layers: ParameterLayers<P>): Promise<P> {
  const { schema } = layers
  const shape = schema === undefined ? { properties: {} } : parameterSchemaOf(schema)
  const problems: string[] = []
  const merged = mergeLayers(layers, shape, problems)
  const unknown = shape === undefined ? [] : unknownNames(merged, shape)
  const known = shape === undefined ? [] : parameterNames(shape)
  for (const name of unknown) problems.push(`${name}: there is no such parameter${didYouMean(name, known)}`)

  const input = coerce(merged, shape)
  // Without a schema whatever was given is unknown; with none of that it is the empty object that P then is.
  const result = schema === undefined ? { value: {} as P } : await schema['~standard'].validate(input)
  for (const issue of result.issues ?? []) {
    const name = nameOf(issue)
    if (isSaid(name, unknown)) continue
    problems.push(name === '' ? issue.message : `${name}: ${issue.message}${missing(name, merged, unknown)}`)
  }
  if (problems.length > 0 || result.issues !== undefined) throw invalid(problems, known)
  return result.value
}

function mergeLayers(
  { defaults, file, environment, commandLine }: ParameterLayers<unknown>,
  shape: ParameterSchema | undefined,
  problems: string[],
): ParameterTree {
  const fromFile = file === undefined ? {} : treeOfFile(file)
  if (fromFile === undefined) {
    problems.push(
      'the parameters file: expected an object of names and groups, or a list of { PropertyGroupId, PropertyMap }',
    )
  }
  return [
    fromFile ?? {},
    treeOfEnvironment(environment ?? {}, shape === undefined ? [] : parameterNames(shape)),
    treeOfPairs(commandLine ?? []),
  ].reduce(merge, merge({}, defaults ?? {}))
}

function unknownNames(tree: ParameterTree, schema: ParameterSchema, prefix = ''): readonly string[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    const property = Object.hasOwn(schema.properties ?? {}, name) ? schema.properties?.[name] : undefined
    if (property === undefined) return takesAnyName(schema) ? [] : [`${prefix}${name}`]
    return isTree(value) ? unknownNames(value, property, `${prefix}${name}.`) : []
  })
}

function nameOf(issue: StandardSchemaV1.Issue): string {
  return (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
}

/** A strict schema reports unknown names too, at the group that holds them; they stand there with a suggestion. */
function isSaid(name: string, unknown: readonly string[]): boolean {
  const prefix = name === '' ? '' : `${name}.`
  return unknown.some(
    (other) => other === name || (other.startsWith(prefix) && !other.slice(prefix.length).includes('.')),
  )
}

/** The schema says what it expected; whether the name was there at all is said here. */
function missing(name: string, tree: ParameterTree, unknown: readonly string[]): string {
  let value: unknown = tree
  for (const part of name.split('.')) value = isTree(value) ? value[part] : undefined
  if (value !== undefined) return ''
  const misspelt = unknown.find((other) => nearestOf(other, [name]) !== undefined)
  return misspelt === undefined ? ' (it is missing)' : ` (it is missing; '${misspelt}' is near it)`
}

function invalid(problems: readonly string[], known: readonly string[]): TidemarkError {
  const parameters = known.length === 0 ? '' : `\nThe job's parameters: ${known.join(', ')}`
  return new TidemarkError({
    code: 'PARAMETERS_INVALID',
    domain: 'user',
    message: `the job's parameters are not as it needs them:\n${problems.map((line) => `- ${line}`).join('\n')}${parameters}`,
  })
}
